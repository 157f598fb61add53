"""The one training loop."""

from cltk.engine.loop import Progress, Trainer, train
from cltk.engine.run import Run
from cltk.engine.state import Weight, load_state, state_of, weigh

__all__ = ["Progress", "Run", "Trainer", "Weight", "load_state", "state_of", "train", "weigh"]
