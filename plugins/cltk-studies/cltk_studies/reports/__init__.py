"""A study's result as a person reads it."""
