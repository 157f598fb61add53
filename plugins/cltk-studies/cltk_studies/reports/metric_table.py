"""The table of a study's metrics: which cell is better in what, by how much, and whether that is settled."""

from __future__ import annotations

from collections.abc import Iterator

from cltk_figures.tables import Table
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.reports.formats import format_mean, format_p, format_value

__all__ = ["arrow", "is_best", "metric_notes", "metric_table"]

_COLUMNS = ("metric", "cell", "seeds", "mean ± 95 %", "difference", "p (Holm)")

Row = tuple[str | int, ...]


def metric_table(result: StudyResult) -> Table:
    """Each metric of each cell, and its difference from the baseline; the best cell by the objective first."""
    rows = tuple(row for metric in result.metrics for row in _rows(result, metric))
    return Table("Metrics", _COLUMNS, rows, " ".join(metric_notes(result)))


def arrow(result: StudyResult, metric: str) -> str:
    """A metric's name, with an arrow to where better is; without one where its direction is not known."""
    if result.measures.find(metric) is None:
        return metric
    return f"{metric} {'↓' if result.measures.is_minimized(metric) else '↑'}"


def _rows(result: StudyResult, metric: str) -> Iterator[Row]:
    """A row a cell; a single one where all cells are alike, as there are metrics that only some methods change."""
    title = arrow(result, metric)
    cells = [cell for cell in result.ranked if metric in cell.metrics or metric in cell.values.without_value]
    alike = {_mean(cell, metric) for cell in cells}
    if len(cells) > 2 and len(alike) == 1:
        yield title, "all of them", *alike.pop(), "", ""
        return
    best = {cell.name for cell in cells if is_best(result, cell, metric)}
    for cell in cells:
        count, mean = _mean(cell, metric)
        mark = " *" if cell.name in best and len(best) < len(cells) else ""
        difference = cell.differences.get(metric)
        versus = "baseline" if cell.name == result.study.baseline else format_mean(difference, signed=True)
        yield title, cell.name, count, mean + mark, versus, format_p(difference)
        title = ""


def is_best(result: StudyResult, cell: CellResult, metric: str) -> bool:
    """Whether the cell may be the best, and no other one's mean reads better."""
    best = result.best_mean(metric)
    return cell in result.candidates(metric) and format_value(cell.metrics[metric].mean) == format_value(best or 0.0)


def _mean(cell: CellResult, metric: str) -> tuple[str | int, str]:
    """The number of seeds and the mean; or why there is none."""
    found = cell.metrics.get(metric)
    return (found.n, format_mean(found)) if found else ("", cell.values.without_value[metric])


def metric_notes(result: StudyResult) -> Iterator[str]:
    """What the signs mean, and how differences are tested, a sentence each."""
    among = " of several seeds" if _is_mixed(result) else ""
    yield f"↑: more is better; ↓: less is better; *: the best{among}. Ordered by {result.objective}."
    differences = [difference for cell in result.cells for difference in cell.differences.values()]
    counts = sorted({difference.n for difference in differences if difference.p is not None})
    seeds = " to ".join(map(str, dict.fromkeys([*counts[:1], *counts[-1:]])))
    tested = f": t test over {seeds} seeds, adjusted for the number of cells" if counts else ""
    yield f"Differences are from '{result.study.baseline}', paired by seed{tested}."
    reasons = {difference.reason for difference in differences} - {""}
    if len(result.study.seeds) > 1 and reasons:
        yield f"No p value (-) where nothing can be inferred: {' or '.join(sorted(reasons))}."
    if result.resolution:
        yield (
            f"Accuracies come in steps of {result.resolution:.2g}, one test sample: "
            "p values take differences to vary by no less."
        )


def _is_mixed(result: StudyResult) -> bool:
    """Whether some cells have a single seed, and others several."""
    counts = {len(cell.finished) for cell in result.cells if cell.finished}
    return 1 in counts and len(counts) > 1
