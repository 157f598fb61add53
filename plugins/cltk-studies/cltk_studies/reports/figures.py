"""The figures of a study's result, drawn when they are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from cltk.errors import StoreError
from cltk.runs.folder import Samples, most_sample_bytes, read_samples
from cltk.runs.summary import Estimate, estimate
from cltk_figures.run_figures import confusion, mean_accuracy_matrix
from cltk_figures.samples import replayed_samples
from cltk_figures.search_figures import front_figure, history
from cltk_figures.study_figures import accuracy_over_tasks, metric_against_costs
from cltk_studies.answers.results import COSTS, CellResult, StudyResult
from cltk_studies.answers.trials import Goal, find_front, goals, is_baseline
from cltk_studies.questions.references import REFERENCES

__all__ = ["Drawing", "figures_of_cells", "figures_of_study"]

Drawing = tuple[str, Callable[[], Figure]]
"""The name of a figure, and what draws it."""

_MOST = 40
"""Cells that are compared in one figure: more cannot be told apart, and thousands take minutes to draw."""


def figures_of_study(result: StudyResult) -> Iterator[Drawing]:
    """The name of each figure of the whole study that there is data for, and what draws it."""
    cells = [cell for cell in result.cells if cell.finished]
    if not cells:
        return
    if result.study.kind != "ablation":
        yield from _figures_of_search(result)
        return
    shown, objective = _compared(result, cells), result.objective
    measured = [cell for cell in shown if objective in cell.metrics]
    if objective and measured:
        yield "objective_against_cost", lambda: _objective_against_cost(result, objective, measured, len(cells))
    curves, references = {cell.name: _curve(cell) for cell in shown}, _references(shown)
    yield "accuracy_over_tasks", lambda: accuracy_over_tasks(curves, references, len(cells))


def _compared(result: StudyResult, cells: Sequence[CellResult]) -> Sequence[CellResult]:
    """The cells that are drawn: of very many the best ones, with those that they are held against."""
    if len(cells) <= _MOST:
        return cells
    kept = {result.study.baseline, *_references(cells), *(cell.name for cell in result.ranked[:_MOST])}
    return [cell for cell in cells if cell.name in kept]


def figures_of_cells(result: StudyResult, store: Path) -> Iterator[Drawing]:
    """The accuracy matrix, the confusion matrix and what was replayed of each cell of an ablation.

    Args:
        result: The result of the study.
        store: The folder of the runs, which have samples of what was replayed.
    """
    cells = [cell for cell in result.cells if cell.finished] if result.study.kind == "ablation" else []
    for number, cell in enumerate(cells, start=1):
        yield f"accuracy_matrix_{number:02}", partial(mean_accuracy_matrix, cell.finished, f"{cell.name}, %")
        if all(record.tasks[-1].confusion for record in cell.finished):
            yield f"confusion_{number:02}", partial(confusion, cell.finished, f"{cell.name}: predictions at the end")
        if samples := _samples(cell, store):
            yield f"replayed_samples_{number:02}", partial(replayed_samples, samples, f"{cell.name}: replayed samples")


def _samples(cell: CellResult, store: Path) -> Samples:
    """What the first run of a cell that is here replayed, by task; empty where none did, or it is unreadable."""
    for record in cell.finished:
        path = store / record.run_id / "replay.npz"
        if path.exists():
            with suppress(StoreError):
                return read_samples(path, most_sample_bytes(record))
    return {}


def _objective_against_cost(result: StudyResult, objective: str, cells: Sequence[CellResult], total: int) -> Figure:
    values = {cell.name: cell.metrics[objective] for cell in cells}
    costs = {cost: {cell.name: cell.costs[cost].mean for cell in cells} for cost in COSTS}
    by_seed = {cell.name: list(cell.values.by_seed.get(objective, {}).values()) for cell in cells}
    bounds = result.measures.bounds(objective)
    return metric_against_costs(objective, values, costs, by_seed, _references(cells), total, bounds)


def _references(cells: Sequence[CellResult]) -> list[str]:
    """The names of the cells that others are held against: by what they do, as a study may have them without asking."""
    return [cell.name for cell in cells if cell.cell.experiment["strategy"]["name"].rpartition(":")[2] in REFERENCES]


def _curve(cell: CellResult) -> list[Estimate]:
    """Accuracy on the tasks learned so far, after each task."""
    learned = range(1, len(cell.finished[0].accuracy))
    return [estimate([record.seen_accuracy(count) for record in cell.finished]) for count in learned]


def _figures_of_search(result: StudyResult) -> Iterator[Drawing]:
    baselines = {cell.name for cell in result.cells if is_baseline(cell)}
    found = goals(result)
    if len(found) > 1:
        yield "front", lambda: _front(found[0], found[1], baselines)
    elif found and found[0].values:
        yield "history", lambda: _history(found[0], baselines)


def _history(goal: Goal, baselines: set[str]) -> Figure:
    labels = {position: name for position, name in enumerate(goal.values) if name in baselines}
    return history(goal.name, list(goal.values.values()), maximize=not goal.minimize, labels=labels)


def _front(up: Goal, right: Goal, baselines: set[str]) -> Figure:
    names = [name for name in up.values if name in right.values]

    def points(names: Sequence[str]) -> list[tuple[float, float]]:
        return [(right.values[name], up.values[name]) for name in names]

    labels = {position: name for position, name in enumerate(names) if name in baselines}
    return front_figure((up.name, right.name), points(names), points(find_front(up, right)), labels)
