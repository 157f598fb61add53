"""Split MNIST, Fashion-MNIST, KMNIST and digits as scenarios for cltk."""
