"""The commands ``cltk ui`` and ``cltk sync``."""
