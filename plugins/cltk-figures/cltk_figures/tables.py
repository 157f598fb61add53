"""Tables of a run's memory and cost."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from cltk.record import Record

__all__ = ["Table", "cost_table", "memory_table"]

Cell = str | int | float | None

_MIB = 2**20
_PARTS = ("classifier", "generator", "buffer", "total")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title, and a note under it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def to_markdown(self) -> str:
        """The table as Markdown: text to the left, numbers to the right."""
        numeric = [any(isinstance(row[i], int | float) for row in self.rows) for i in range(len(self.columns))]
        lines = [
            _line(self.columns),
            _line(["---:" if right else ":---" for right in numeric]),
            *(_line([_shown(cell) for cell in row]) for row in self.rows),
        ]
        parts = [f"### {self.title}", "\n".join(lines), self.note]
        return "\n\n".join(part for part in parts if part) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON, one object a row."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "note": self.note}


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
        (task + 1, _classes(record, task), record.samples[task], replayed[task], total, cumulative)
        for task, (total, cumulative) in enumerate(zip(totals, accumulate(totals), strict=True))
    ]
    columns = ("task", "classes", "current S0", "replayed", "S = S0 + replayed", "cumulative")
    return Table("Training samples of one epoch", columns, tuple(rows))


def _classes(record: Record, task: int) -> str:
    return ", ".join(map(str, record.classes[task])) if task < len(record.classes) else ""


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell or "")
