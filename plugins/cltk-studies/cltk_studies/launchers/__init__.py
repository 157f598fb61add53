"""Launchers: what starts the workers of a study."""
