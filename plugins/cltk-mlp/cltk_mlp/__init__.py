"""A multi-layer perceptron as a classifier for cltk."""
