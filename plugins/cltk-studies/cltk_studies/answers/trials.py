"""The trials of a search, ranked, and those among them that no other one beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.questions.allocation import BASELINES
from cltk_studies.questions.search import DEFAULTS

__all__ = ["Goal", "best_trials", "find_front", "goals", "is_baseline"]

_REPLAYED = "samples replayed"


@dataclass(frozen=True, slots=True)
class Goal:
    """What trials are to be good at.

    Attributes:
        name: The metric or cost.
        minimize: Whether less is better.
        values: Its mean over the seeds, by the name of the trial; of trials that have one.
    """

    name: str
    minimize: bool
    values: Mapping[str, float]


def goals(result: StudyResult) -> list[Goal]:
    """What a search is for, the most important goal first.

    A search for accuracy against cost that names one objective has the samples replayed as the second one.
    """
    measures = result.measures
    found = []
    for name in measures.objectives:
        means = {cell.name: cell.metrics[name].mean for cell in result.cells if name in cell.metrics}
        found.append(Goal(name, measures.is_minimized(name), means))
    if result.study.kind == "pareto" and len(found) == 1:
        found.append(Goal(_REPLAYED, True, {c.name: c.costs[_REPLAYED].mean for c in result.cells if c.costs}))
    return found


def find_front(up: Goal, right: Goal) -> list[str]:
    """The names of the trials that no other one beats in both goals, from left to right where less is better."""

    def is_better(value: float, than: float) -> bool:
        return value < than if up.minimize else value > than

    def key(name: str) -> tuple[float, float]:
        across, height = right.values[name], up.values[name]
        return across if right.minimize else -across, height if up.minimize else -height

    front: list[str] = []
    for name in sorted(up.values.keys() & right.values.keys(), key=key):
        if not front or is_better(up.values[name], up.values[front[-1]]):
            front.append(name)
    return front


def is_baseline(cell: CellResult) -> bool:
    """Whether a trial is one of those that are always tried."""
    return cell.name in (DEFAULTS, *BASELINES)


def best_trials(result: StudyResult, count: int) -> Sequence[str]:
    """The names of the best trials, at most ``count`` of them; with two goals, of those that no other one beats."""
    found = goals(result)
    if len(found) > 1:
        return find_front(found[0], found[1])
    return [cell.name for cell in result.ranked if cell.metrics][:count]
