"""The one training loop."""

from cltk.engine.loop import Progress, Trainer, train
from cltk.engine.run import Run

__all__ = ["Progress", "Run", "Trainer", "train"]
