"""Streaming discriminant analysis, on pixels and on random features, as strategies for cltk."""
