"""Runs of cltk in TensorBoard."""
