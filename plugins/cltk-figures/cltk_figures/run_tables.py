"""Tables of a run's memory and cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from cltk.record import Record
from cltk_figures.tables import Table

__all__ = ["cost_table", "matrix_table", "memory_table"]

_MIB = 2**20
_PARTS = ("classifier", "generator", "buffer", "total")


def matrix_table(matrix: Sequence[Sequence[float]], title: str = "Accuracy on each task (%)") -> Table:
    """An accuracy matrix in percent, with the mean over the tasks learned so far first."""
    tasks = range(len(matrix[0]) if matrix else 0)
    rows: tuple[tuple[str | int, ...], ...] = tuple(
        (learned, f"{100 * sum(row[:learned]) / learned:.1f}", *(f"{100 * value:.1f}" for value in row))
        for learned, row in enumerate(matrix)
        if learned
    )
    return Table(title, ("after task", "tasks so far", *(f"task {task + 1}" for task in tasks)), rows)


def memory_table(record: Record) -> Table:
    """What the run keeps from task to task, and how many stored images would take as much room."""
    image = record.bytes.get("image", 0)
    rows = [
        (part, record.parameters.get(part), size, size / _MIB, size // image if image else None)
        for part in _PARTS
        if (size := record.bytes.get(part)) is not None
    ]
    columns = ("part", "parameters", "bytes", "MiB", "as images")
    note = f"As images: how many images of {image:,} bytes would fill the same memory." if image else ""
    return Table("Memory", columns, tuple(rows), note)


def cost_table(record: Record) -> Table:
    """How many samples an epoch of each task trains on, and their sum so far."""
    replayed = record.replay.counts
    totals = [own + more for own, more in zip(record.samples, replayed, strict=False)]
    rows = [
        (task + 1, _labels(record, task), record.samples[task], replayed[task], total, cumulative)
        for task, (total, cumulative) in enumerate(zip(totals, accumulate(totals), strict=True))
    ]
    columns = ("task", "classes", "current S0", "replayed", "S = S0 + replayed", "cumulative")
    return Table("Training samples of one epoch", columns, tuple(rows))


def _labels(record: Record, task: int) -> str:
    return ", ".join(map(str, record.classes[task])) if task < len(record.classes) else ""
