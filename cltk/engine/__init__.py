"""The one training loop."""

from cltk.engine.loop import ResumePoint, Trainer, train
from cltk.engine.run import Run
from cltk.engine.state import Weight, load_state, state_of, weigh

__all__ = ["ResumePoint", "Run", "Trainer", "Weight", "load_state", "state_of", "train", "weigh"]
