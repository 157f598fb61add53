"""A strategy that is interrupted wherever a run can be, and built anew each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from cltk.engine import ResumePoint, Trainer, load_state, state_of
from cltk.events import EpochEnded, TaskEnded
from cltk.interfaces import Task
from cltk.runs.tensors import pack, unpack
from cltk.testing.sequences import tasks_of
from cltk.testing.subject import Subject
from cltk.testing.traces import Trace, build, trainer_of

__all__ = ["interrupted_trace"]


def interrupted_trace(subject: Subject) -> Trace:
    """Learns all tasks with a break after each, and one after an epoch of each phase.

    At every break all that is kept goes through the bytes of a checkpoint, into a strategy that is built anew.
    """
    made = build(subject)
    tasks = tasks_of(made.info)
    for index in range(len(tasks)):
        _learn(subject, made, tasks, index)
    return made


def _learn(subject: Subject, made: Trace, tasks: Sequence[Task], index: int) -> None:
    state = _through_file(state_of(made.strategy))
    point: ResumePoint | None = None
    begun: set[str] = set()
    while True:
        made.strategy = build(subject, made.info.setting).strategy
        load_state(made.strategy, state, completed=index)
        trainer = trainer_of(made, tasks, index, point)
        if _go_on(made, trainer, begun):
            return
        kept = trainer.resume_point()
        point = replace(kept, states=[_through_file(part) for part in kept.states])


def _go_on(made: Trace, trainer: Trainer, begun: set[str]) -> bool:
    """Trains until the first epoch of another phase than those ``begun`` is over; True where the task is over."""
    for event in trainer.events():
        made.note(event)
        if isinstance(event, TaskEnded):
            return True
        if isinstance(event, EpochEnded) and event.phase not in begun:
            begun.add(event.phase)
            return False
    return True


def _through_file(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    tensors, _ = unpack(pack(state))
    return tensors
