"""The one training loop."""

from cltk.engine.loop import ResumePoint, Trainer, phases_of, train
from cltk.engine.run import Run
from cltk.engine.state import Weight, load_state, state_of, weigh

__all__ = ["ResumePoint", "Run", "Trainer", "Weight", "load_state", "phases_of", "state_of", "train", "weigh"]
