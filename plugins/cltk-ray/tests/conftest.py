"""The tests of a launcher that only developers install are left out where it is not installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("cltk_ray") and find_spec("ray") else ["test_ray.py"]
