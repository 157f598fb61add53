"""Studies of cltk on a Ray cluster."""
