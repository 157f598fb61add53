"""Generators that are fitted without gradient descent."""
