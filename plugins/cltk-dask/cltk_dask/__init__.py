"""Studies of cltk on a Dask cluster."""
