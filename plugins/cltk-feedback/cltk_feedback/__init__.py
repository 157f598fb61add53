"""Classifier and generator in one network: replay through feedback and brain-inspired replay for cltk."""
