"""Strategies that hold back change instead of replaying."""
