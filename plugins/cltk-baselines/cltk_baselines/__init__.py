"""GDumb, fine-tuning and joint training as strategies for cltk."""
