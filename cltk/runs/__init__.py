"""One experiment, run and kept: its record, its checkpoints and its folder."""
