"""What came of several seeds, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cltk.record import Record
from cltk.record_html import matrix_figure, matrix_table, to_table
from cltk.runs.summary import Estimate, Summary, estimate, mean_matrix

__all__ = ["in_percent", "seeds_to_html"]


def seeds_to_html(records: Sequence[Record], summary: Summary) -> str:
    """The mean of the finished runs with its interval, their mean accuracy matrix, each run, and the metrics."""
    return "".join(_parts(records, summary))


def in_percent(value: Estimate) -> str:
    """A share in percent, with its interval from two runs on."""
    interval = "" if value.ci95 is None else f" ± {100 * value.ci95:.1f}"
    return f"{100 * value.mean:.1f}{interval} %"


def _parts(records: Sequence[Record], summary: Summary) -> Iterator[str]:
    finished = [record for record in records if record.finished and record.tasks]
    yield f"<p>{len(finished)} of {len(records)} seeds finished"
    if finished:
        yield f", <b>final average accuracy {in_percent(estimate([each.final_accuracy for each in finished]))}</b>"
        yield f", forgetting {in_percent(estimate([each.forgetting for each in finished]))} (95 % intervals)"
    yield "</p>"
    if len(finished) > 1:
        means, deviations = mean_matrix(finished)
        caption = f"Mean accuracy on each task (%), ± deviation over {len(finished)} seeds"
        yield matrix_table(caption, means[1:], deviations[1:])
        yield matrix_figure(means[1:])
    yield to_table("Each seed", ["seed", "status", "accuracy (%)", "forgetting (%)", "seconds"], map(_row, records))
    if summary:
        yield "<details><summary>Metrics</summary>"
        yield to_table("Mean ± 95 %", ["metric", "mean", "±"], [_metric(*entry) for entry in summary.items()])
        yield "</details>"


def _row(record: Record) -> list[str]:
    accuracy = [f"{100 * record.final_accuracy:.1f}", f"{100 * record.forgetting:.1f}"] if record.tasks else ["", ""]
    return [str(record.seed), record.error or record.status, *accuracy, f"{record.seconds.get('total', 0):.1f}"]


def _metric(name: str, values: Mapping[str, float]) -> list[str]:
    return [name, f"{values['mean']:.4g}", f"{values['ci95']:.2g}" if "ci95" in values else ""]
