"""Replay schedules for cltk: how many samples to replay at which task."""
