"""Generative replay and experience replay as strategies for cltk."""
