"""Metrics of continual learning for cltk."""
