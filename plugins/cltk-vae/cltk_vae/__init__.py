"""A variational autoencoder as a generator for cltk."""
