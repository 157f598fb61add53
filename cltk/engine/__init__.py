"""The one training loop."""

from cltk.engine.loop import train
from cltk.engine.run import Run

__all__ = ["Run", "train"]
