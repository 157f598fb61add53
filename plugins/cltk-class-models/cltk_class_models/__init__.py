"""A small model a class: the generative classifier and prediction error as strategies for cltk."""
