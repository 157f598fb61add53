"""Figures and tables of runs and of studies, for the packages that report them."""
