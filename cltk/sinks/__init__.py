"""Sinks: what observes a run and reports it, from a progress display to MLflow. Nothing flows back into the run."""
