"""A table, in every form that it is read in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

__all__ = ["Table"]

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title, and a note under it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def to_markdown(self) -> str:
        """The table as Markdown: text to the left, numbers to the right."""
        lines = [
            _line(self.columns),
            _line("---:" if self._is_numeric(index) else ":---" for index in range(len(self.columns))),
            *(_line(map(_text, row)) for row in self.rows),
        ]
        parts = [f"### {self.title}", "\n".join(lines), self.note]
        return "\n\n".join(part for part in parts if part) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """The table as JSON, one object a row."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "note": self.note}

    def to_html(self) -> str:
        """The table as HTML; numbers are of the class ``number``, the note below of the class ``note``."""
        kinds = [' class="number"' if self._is_numeric(index) else "" for index in range(len(self.columns))]
        columns = zip(kinds, self.columns, strict=True)
        head = "".join(f'<th scope="col"{kind}>{escape(column)}</th>' for kind, column in columns)

        def line(row: tuple[Cell, ...]) -> str:
            cells = (f"<td{kind}>{escape(_text(cell))}</td>" for kind, cell in zip(kinds, row, strict=True))
            return f"<tr>{''.join(cells)}</tr>"

        rows = "\n".join(map(line, self.rows))
        note = f'\n<p class="note">{escape(self.note)}</p>' if self.note else ""
        caption = f"<caption>{escape(self.title)}</caption>"
        return f"<table>{caption}\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>{note}"

    def _is_numeric(self, column: int) -> bool:
        return any(isinstance(row[column], int | float) for row in self.rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_without_bars, cells))} |"


def _without_bars(text: str) -> str:
    """The text of a cell of a Markdown table, which a bar would end."""
    return text.replace("|", r"\|")


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:,.2f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell or "")
