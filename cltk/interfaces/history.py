"""What was measured over a run, column by column: all that a metric sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from cltk.errors import NotRecordedError
from cltk.record import Record

__all__ = ["History", "Matrix"]

Matrix = tuple[tuple[float, ...], ...]
Counts = tuple[tuple[int, ...], ...]

_OF_ROWS = ("accuracy", "task_aware")
"""Columns that are matrices with a row before any training and a column a task."""


@dataclass(frozen=True, slots=True, repr=False)
class History:
    """What was measured over the N tasks of a run that were learned; made from its record alone.

    Reading a column that a record of an earlier version lacks raises ``NotRecordedError``: a metric need not look out
    for it. In a history that is made by hand, the columns from ``extra_bytes`` on may be left out, and are empty then.

    Attributes:
        accuracy: N + 1 rows of N: before any training, then after each task; in [0, 1].
        model_bytes: Bytes of all parameters and fitted statistics after each task.
        buffer_bytes: Bytes of stored samples after each task.
        data_bytes: Bytes of the training data of all tasks, stored as a buffer stores them.
        operations: Floating-point operations spent to learn each task.
        single_pass: Floating-point operations of one forward and backward pass over each task's own training data.
        extra_bytes: Bytes of what the strategy keeps beside networks and samples after each task.
        task_aware: As ``accuracy``, from the same scores, each sample among the classes of its own task alone.
        confusion: N matrices (K, K) of counts over the evaluated data of the tasks learned so far; rows labels,
            columns predictions.
        classes: The labels of each task.
        samples: Training samples of each task itself (S0), in one epoch.
        replayed: Samples replayed in an epoch of each task.
        coverage: The share of each class among what would be replayed after each task; empty where nothing would be.
        seconds: Wall-clock time of each phase of each task, and in ``total``.
    """

    accuracy: Matrix
    model_bytes: tuple[int, ...]
    buffer_bytes: tuple[int, ...]
    data_bytes: int
    operations: tuple[int, ...]
    single_pass: tuple[int, ...]
    extra_bytes: tuple[int, ...] = ()
    task_aware: Matrix = ()
    confusion: tuple[Counts, ...] = ()
    classes: Counts = ()
    samples: tuple[int, ...] = ()
    replayed: tuple[int, ...] = ()
    coverage: tuple[Mapping[int, float], ...] = ()
    seconds: tuple[Mapping[str, float], ...] = ()

    if not TYPE_CHECKING:

        def __getattribute__(self, name: str) -> Any:
            value = object.__getattribute__(self, name)
            if value is None:
                raise NotRecordedError(name.replace("_", " "))
            return value

    def __repr__(self) -> str:
        return f"History({', '.join(f'{name}={value}' for name, value in self._columns().items())})"

    @classmethod
    def of(cls, record: Record) -> History:
        """The history in a record, of as many tasks as were learned."""

        def column(name: str) -> Any:
            values = [_frozen(getattr(task, name)) for task in record.tasks]
            return None if any(value is None for value in values) else tuple(values)

        untrained, aware = _frozen(record.untrained_task_aware), column("task_aware")
        columns = {field.name: column(field.name) for field in fields(cls) if field.name != "data_bytes"} | {
            "accuracy": (tuple(record.untrained), *column("accuracy")),
            "task_aware": None if untrained is None or aware is None else (untrained, *aware),
            "data_bytes": record.data_bytes,
        }
        return cls(**columns).until(len(record.tasks))

    @property
    def tasks(self) -> int:
        """Number of tasks N."""
        return len(self.accuracy) - 1

    def after(self, task: int, learned: int) -> float:
        """``R[i][j]``: accuracy on ``task`` j, from 1, after ``learned`` tasks i, from 0 for the untrained row."""
        return self.accuracy[learned][task - 1]

    def until(self, learned: int) -> History:
        """The history of the first ``learned`` tasks (at least 1) alone; ``data_bytes`` stays that of the sequence."""

        def cut(name: str, column: Any) -> Any:
            if column is None or name == "data_bytes":
                return column
            if name in _OF_ROWS:
                return tuple(row[:learned] for row in column[: learned + 1])
            return column[:learned]

        return History(**{name: cut(name, column) for name, column in self._columns().items()})

    def _columns(self) -> dict[str, Any]:
        """All columns, None for one that was not recorded."""
        return {field.name: object.__getattribute__(self, field.name) for field in fields(self)}


def _frozen(value: Any) -> Any:
    """The value with tuples for lists, throughout."""
    if not isinstance(value, list):
        return value
    return tuple(map(_frozen, value)) if list in map(type, value) else tuple(value)
