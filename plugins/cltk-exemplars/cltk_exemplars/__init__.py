"""Strategies that store images with what a network made of them: DER and iCaRL, for cltk."""
