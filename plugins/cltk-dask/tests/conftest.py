"""The tests of a launcher that only developers install are left out where it is not installed."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("cltk_dask") and find_spec("distributed") else ["test_dask.py"]
