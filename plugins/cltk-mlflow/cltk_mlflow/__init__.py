"""Runs and studies in MLflow."""
