"""A record as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cltk.record import Record

__all__ = ["to_html"]

_WIDTH, _HEIGHT, _MARGIN = 320, 160, 8
"""Of the figure, in pixels."""


def to_html(record: Record) -> str:
    """The end of a run, its accuracy matrix in percent, a figure of it, and its metrics."""
    return "".join(_parts(record))


def _parts(record: Record) -> Iterator[str]:
    yield f"<p><b>{escape(record.run_id)}</b>: {record.status}"
    if record.tasks:
        yield f", final average accuracy {100 * record.final_accuracy:.1f} %"
        yield f", forgetting {100 * record.forgetting:.1f} %"
    yield "</p>"
    if record.tasks:
        tasks = [f"task {task}" for task in range(1, len(record.classes) + 1)]
        yield "<table><caption>Accuracy on each task (%)</caption>" + _row(["after task", "seen", *tasks], "th")
        for learned, row in enumerate(record.accuracy[1:], start=1):
            percents = [f"{100 * value:.1f}" for value in (record.seen_accuracy(learned), *row)]
            yield _row([str(learned), *percents])
        yield "</table>"
        yield _figure(record)
    if record.metrics:
        yield "<details><summary>Metrics</summary><table>"
        yield from (_row([name, f"{value:.4g}"]) for name, value in record.metrics.items())
        yield "</table></details>"
    yield from (f"<p>Warning: {escape(warning)}</p>" for warning in record.warnings)


def _row(cells: list[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def _figure(record: Record) -> str:
    """The accuracy on each task after each task, and their mean over what was learned in bold, as SVG."""
    rows = record.accuracy[1:]
    curves = [[(after, row[task]) for after, row in enumerate(rows) if after >= task] for task in range(len(rows))]
    mean = [(after, record.seen_accuracy(after + 1)) for after in range(len(rows))]
    step = (_WIDTH - 2 * _MARGIN) / max(len(rows) - 1, 1)

    def line(points: list[tuple[int, float]], style: str) -> str:
        places = " ".join(
            f"{_MARGIN + step * x:.1f},{_MARGIN + (_HEIGHT - 2 * _MARGIN) * (1 - y):.1f}" for x, y in points
        )
        return f'<polyline fill="none" stroke="currentColor" {style} points="{places}"/>'

    last = len(rows) - 1
    grid = [line([(0, level), (last, level)], 'stroke-opacity="0.15"') for level in (0.0, 0.5, 1.0)]
    lines = [*grid, *(line(curve, 'stroke-opacity="0.4"') for curve in curves), line(mean, 'stroke-width="3"')]
    label = "Accuracy from 0 to 100 % after each task: on each task, and their mean in bold"
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" aria-label="{label}">'
        f"{''.join(lines)}</svg><figcaption>{label}</figcaption></figure>"
    )
