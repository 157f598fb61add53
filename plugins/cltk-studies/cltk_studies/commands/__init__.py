"""The commands ``cltk ablate``, ``tune``, ``report`` and ``worker``."""
