"""A record as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cltk.record import Record

__all__ = ["matrix_figure", "matrix_table", "to_html", "to_table"]

_WIDTH, _HEIGHT, _MARGIN = 320, 160, 8
"""Of the figure, in pixels."""

Matrix = Sequence[Sequence[float]]
"""Rows: after each task learned; columns: all tasks; in [0, 1]."""


def to_html(record: Record) -> str:
    """The end of a run, its accuracy matrix in percent, a figure of it, and its metrics."""
    return "".join(_parts(record))


def to_table(caption: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts, which are escaped."""
    return f"<table><caption>{escape(caption)}</caption>{_row(heading, 'th')}{''.join(map(_row, rows))}</table>"


def matrix_table(caption: str, matrix: Matrix, deviations: Matrix | None = None) -> str:
    """The accuracy on each task after each task in percent, with deviations where the matrix is a mean."""
    tasks = [f"task {task}" for task in range(1, len(matrix[0]) + 1)]
    rows = []
    for learned, row in enumerate(matrix, start=1):
        cells = [f"{100 * value:.1f}" for value in row]
        if deviations is not None:
            cells = [f"{cell} ± {100 * each:.1f}" for cell, each in zip(cells, deviations[learned - 1], strict=True)]
        rows.append([str(learned), f"{100 * _seen(row, learned):.1f}", *cells])
    return to_table(caption, ["after task", "seen", *tasks], rows)


def matrix_figure(matrix: Matrix) -> str:
    """The accuracy on each task after each task, and their mean over what was learned in bold, as SVG."""
    curves = [[(after, row[task]) for after, row in enumerate(matrix) if after >= task] for task in range(len(matrix))]
    mean = [(after, _seen(row, after + 1)) for after, row in enumerate(matrix)]
    step = (_WIDTH - 2 * _MARGIN) / max(len(matrix) - 1, 1)

    def line(points: list[tuple[int, float]], style: str) -> str:
        places = " ".join(
            f"{_MARGIN + step * x:.1f},{_MARGIN + (_HEIGHT - 2 * _MARGIN) * (1 - y):.1f}" for x, y in points
        )
        return f'<polyline fill="none" stroke="currentColor" {style} points="{places}"/>'

    last = len(matrix) - 1
    grid = [line([(0, level), (last, level)], 'stroke-opacity="0.15"') for level in (0.0, 0.5, 1.0)]
    lines = [*grid, *(line(curve, 'stroke-opacity="0.4"') for curve in curves), line(mean, 'stroke-width="3"')]
    label = "Accuracy from 0 to 100 % after each task: on each task, and their mean in bold"
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" aria-label="{label}">'
        f"{''.join(lines)}</svg><figcaption>{label}</figcaption></figure>"
    )


def _parts(record: Record) -> Iterator[str]:
    yield f"<p><b>{escape(record.run_id)}</b>: {record.status}"
    if record.tasks:
        yield f", final average accuracy {100 * record.final_accuracy:.1f} %"
        yield f", forgetting {100 * record.forgetting:.1f} %"
    yield "</p>"
    if record.tasks:
        yield matrix_table("Accuracy on each task (%)", record.accuracy[1:])
        yield matrix_figure(record.accuracy[1:])
    if record.metrics:
        yield "<details><summary>Metrics</summary><table>"
        yield from (_row([name, f"{value:.4g}"]) for name, value in record.metrics.items())
        yield "</table></details>"
    yield from (f"<p>Warning: {escape(warning)}</p>" for warning in record.warnings)


def _seen(row: Sequence[float], learned: int) -> float:
    return sum(row[:learned]) / learned


def _row(cells: Sequence[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
