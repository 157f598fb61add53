"""A network that grows by a module a class, as a strategy for cltk."""
