"""What makes training fast: optimizers, operation counts, CUDA graphs, and the process they run in."""
