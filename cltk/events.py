"""What the engine reports while it trains: frozen values that sinks observe and nobody answers.

Events carry floats, tuples and NumPy arrays on the CPU, never live tensors. Tasks are counted from 0, epochs and steps
from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "EpochEnded",
    "Event",
    "PhaseEvent",
    "PhaseStarted",
    "ReplayShown",
    "RunStarted",
    "TaskEnded",
    "TaskResumed",
    "TaskStarted",
    "Warned",
]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Training is about to begin.

    Attributes:
        classes: The classes of each task.
        untrained: Accuracy on every task before any training, in [0, 1]; empty for a run that goes on.
        untrained_task_aware: The same, each sample among the classes of its own task alone.
        completed: Number of tasks that were learned before the run was interrupted.
    """

    classes: tuple[tuple[int, ...], ...]
    untrained: tuple[float, ...]
    untrained_task_aware: tuple[float, ...]
    completed: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether an earlier attempt has begun the run."""
        return not self.untrained


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task begins with ``current`` training samples of its own and ``replayed`` ones of earlier tasks."""

    task: int
    current: int
    replayed: int


@dataclass(frozen=True, slots=True)
class TaskResumed:
    """A task goes on at the end of an epoch of an earlier attempt; what was reported up to there is not repeated.

    Attributes:
        current: Training samples of the task itself.
        replayed: Samples of earlier tasks that are replayed with them.
        phase: The phase that the epoch belongs to.
        epochs: Passes that the phase makes in all.
        epoch: Passes of it that are done.
        operations: Floating-point operations spent on the task so far.
        seconds: Wall-clock time spent in the epochs of each phase so far.
    """

    task: int
    current: int
    replayed: int
    phase: str
    epochs: int
    epoch: int
    operations: int
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    """A phase of a task begins: ``epochs`` passes of ``steps`` optimisation steps each."""

    task: int
    phase: str
    epochs: int
    steps: int


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """One pass is over.

    Attributes:
        loss: Mean of the weighted training loss over the epoch, in nats per sample; None for a closed-form fit.
        operations: Floating-point operations of this epoch, drawing replay included.
        per_sample: Those of one forward and backward pass of one sample.
        together: Number of runs that were trained as one model; where they are several, the seconds are those of all.
    """

    task: int
    phase: str
    epoch: int
    loss: float | None
    seconds: float
    operations: int
    per_sample: int
    together: int = 1


@dataclass(frozen=True, slots=True)
class ReplayShown:
    """A look at what would be replayed now that ``task`` is learned.

    Attributes:
        images: (n, C, H, W) float32 in [0, 1].
        labels: (n,) the labels they would be replayed with.
        coverage: The share of each class learned so far among a larger draw, in [0, 1].
    """

    task: int
    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    coverage: dict[int, float]


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """A task is learned.

    Attributes:
        accuracy: On every task, in [0, 1].
        task_aware: The same from the same scores, each sample among the classes of its own task alone.
        confusion: (K, K) counts over the evaluated data of the tasks so far; rows labels, columns predictions.
        model_bytes: Bytes of all parameters and fitted statistics now.
        buffer_bytes: Bytes of the samples stored now.
        operations: Floating-point operations spent on the task.
        single_pass: Floating-point operations of one forward and backward pass over the task's own training data.
        extra_bytes: Bytes of what else the strategy keeps now.
        parameters: Number of parameters and fitted statistics in each slot now: networks may have grown.
        sizes: Bytes of the same.
    """

    task: int
    accuracy: tuple[float, ...]
    task_aware: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]
    seconds: float
    model_bytes: int
    buffer_bytes: int
    operations: int
    single_pass: int
    extra_bytes: int = 0
    parameters: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Warned:
    """Something is wrong with the experiment though it goes on: a collapsed generator, replay that lost classes."""

    task: int
    phase: str
    problem: str


PhaseEvent = PhaseStarted | EpochEnded | Warned
Event = RunStarted | TaskStarted | TaskResumed | ReplayShown | TaskEnded | PhaseEvent
