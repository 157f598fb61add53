"""A record as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cltk.record import Record

__all__ = ["to_html"]


def to_html(record: Record) -> str:
    """The end of a run, its accuracy matrix in percent, and its metrics."""
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
    if record.metrics:
        yield "<details><summary>Metrics</summary><table>"
        yield from (_row([name, f"{value:.4g}"]) for name, value in record.metrics.items())
        yield "</table></details>"
    yield from (f"<p>Warning: {escape(warning)}</p>" for warning in record.warnings)


def _row(cells: list[str], tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
