"""The one training loop."""

from cltk.engine.loop import ResumePoint, Trainer, phases_of, train
from cltk.engine.run import Run
from cltk.engine.state import Weight, load_state, state_of, weigh
from cltk.engine.together import EpochDue, Together

__all__ = [
    "EpochDue",
    "ResumePoint",
    "Run",
    "Together",
    "Trainer",
    "Weight",
    "load_state",
    "phases_of",
    "state_of",
    "train",
    "weigh",
]
