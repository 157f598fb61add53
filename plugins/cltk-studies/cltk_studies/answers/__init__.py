"""What a study says, from the records of its runs."""
