"""A small model a class: the generative classifier as a strategy for cltk."""
