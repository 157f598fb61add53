"""A convolutional generator and classifier."""
