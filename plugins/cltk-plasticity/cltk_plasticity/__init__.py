"""Metrics of plasticity: how well new tasks are learned."""
