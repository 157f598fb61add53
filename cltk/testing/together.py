"""Strategies of several seeds that are trained side by side, those phases that are alike as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from cltk.engine import EpochDue, Together, Trainer
from cltk.events import Event
from cltk.testing.sequences import tasks_of
from cltk.testing.subject import Subject
from cltk.testing.traces import Trace, build, trainer_of

__all__ = ["next_epoch", "traces_together", "train_together"]

Note = Callable[[Event], None]
"""Takes down what happens in a run."""


def next_epoch(stages: Iterator[Event | EpochDue], note: Note) -> EpochDue | None:
    """The next epoch, once all that comes before it is noted; None at the end."""
    for stage in stages:
        if isinstance(stage, EpochDue):
            return stage
        note(stage)
    return None


def train_together(trainers: Sequence[Trainer], notes: Sequence[Note]) -> None:
    """Trains several runs to their end; what happens in each is told to a note of its own."""
    stages, together = [trainer.advance() for trainer in trainers], Together()
    while due := [epoch for each, note in zip(stages, notes, strict=True) if (epoch := next_epoch(each, note))]:
        together.train(due)


def traces_together(subject: Subject, seeds: Sequence[int]) -> Sequence[Trace]:
    """Learns all tasks with each of the seeds, side by side."""
    made = [build(subject, seed=seed) for seed in seeds]
    train_together([trainer_of(each, tasks_of(each.info)) for each in made], [each.note for each in made])
    return made
