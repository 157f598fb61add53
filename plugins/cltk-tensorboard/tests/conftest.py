"""The tests of a sink that only developers install are left out where it is not installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("cltk_tensorboard") and find_spec("tensorboard") else ["test_tensorboard.py"]
