"""A number of replayed samples for each task: one search space among others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cltk.config import Overrides, Settings
from cltk.errors import ConfigError
from cltk.interfaces import ScenarioInfo
from cltk.registry import find, load
from cltk_studies.questions.items import Item

__all__ = ["BASELINES", "Allocation", "allocations", "parameter_label", "spend"]

_SCHEDULES: Mapping[str, str | None] = {"zero": None, "uniform": "fixed", "linear": "linear", "equal": "equal"}
"""Shapes of an allocation, by the schedule whose counts they are in proportion to; None for no replay at all."""

BASELINES = ("zero", "uniform", "linear")
"""The shapes that are always among the trials of a search."""

_TESTED = {"fixed": "uniform", "linear": "linear", "equal": "equal", "none": "zero"}
"""What chosen counts are compared with, by name, each with its shape; all but the last spend as much."""

_SHARE = "share."
"""What the parameters of a budget begin with: before the number of tasks that a task has behind it."""


class Allocation(Settings):
    """How many samples are replayed at each task.

    Attributes:
        schedule: A schedule that takes a count for each task.
        counts: The field of it that takes them.
        sizes: Number of training samples of each task.
        budget: The sum of the counts; None where the search decides on that too, by the schedule's own search space.
    """

    schedule: str
    counts: str
    sizes: tuple[int, ...]
    budget: int | None

    @property
    def info(self) -> ScenarioInfo:
        """As much of the scenario as schedules depend on."""
        return ScenarioInfo((1, 1, 1), 1, self.sizes, tuple((0,) for _ in self.sizes), "class")

    def suggest(self, trial: Any) -> Overrides:
        """The layer of a trial: how it spends the budget, or the counts that it was given; empty where it has none."""
        counts = trial.user_attrs.get("counts")
        if self.budget is not None:
            tasks = range(1, len(self.sizes))
            counts = [0, *spend([trial.suggest_float(f"{_SHARE}{task}", 0, 1) for task in tasks], self.budget)]
        return {} if counts is None else self.layer(counts)

    def layer(self, counts: Sequence[int]) -> Overrides:
        """The layer that replays these counts."""
        return {"schedule": {"name": self.schedule, self.counts: list(counts)}}

    def baselines(self, defaults: Mapping[str, Any], searched: Sequence[str]) -> list[Item]:
        """The trials that are always made, as parameters where the search can express them, so that it learns.

        Args:
            defaults: Values of what else is tuned, by path.
            searched: The paths of all that is tuned beside shares of a budget.
        """
        return [self._baseline(name, defaults, searched) for name in BASELINES]

    def alternatives(self, chosen: Sequence[int]) -> dict[str, list[int]]:
        """What chosen counts are compared with on test data, by name: other ways to spend as much, and no replay."""
        shapes = allocations(self.info, sum(chosen))
        return {name: shapes[shape] for name, shape in _TESTED.items()}

    def _baseline(self, name: str, defaults: Mapping[str, Any], searched: Sequence[str]) -> Item:
        if self.budget is not None:
            weights = _weights(name, self.info)
            largest = max(weights, default=0.0) or 1.0
            shares = {f"{_SHARE}{task}": weight / largest for task, weight in enumerate(weights, start=1)}
            return Item(name, {"label": name}, {**defaults, **shares})
        counts = allocations(self.info, sum(self.sizes[1:]))[name]
        entries = {f"schedule.{self.counts}.{task}": count for task, count in enumerate(counts) if task}
        if set(entries) <= set(searched):
            return Item(name, {"label": name}, {**defaults, **entries})
        others = {path: value for path, value in defaults.items() if not path.startswith("schedule.")}
        return Item(name, {"label": name, "counts": counts}, others)


def parameter_label(name: str) -> str:
    """What a parameter of a search is called where people read it: ``share.1`` is the share of task 2."""
    completed = name.removeprefix(_SHARE)
    return f"share of task {int(completed) + 1}" if name.startswith(_SHARE) else name


def spend(weights: Sequence[float], total: int) -> list[int]:
    """Counts in proportion to weights that add up to ``total`` exactly, by largest remainders.

    Args:
        weights: Numbers, 0 or more.
        total: What to spend; nothing is spent where all weights are 0.
    """
    largest = max(weights, default=0.0)
    if largest <= 0:
        return [0] * len(weights)
    scaled = [weight / largest for weight in weights]  # The sum of the smallest floats may well be 0.
    shares = [total * weight / math.fsum(scaled) for weight in scaled]
    counts = [math.floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda task: (counts[task] - shares[task], task))
    for task in by_remainder[: total - sum(counts)]:
        counts[task] += 1
    return counts


def allocations(info: ScenarioInfo, total: int) -> dict[str, list[int]]:
    """The counts of each shape, one a task, the first of them 0; all but ``zero`` spend ``total``.

    Raises:
        ConfigError: A schedule that gives a shape is not installed.
    """
    return {name: [0, *spend(_weights(name, info), total)] for name in _SCHEDULES}


def _weights(shape: str, info: ScenarioInfo) -> list[float]:
    """Of all tasks but the first, which has nothing to replay: what the schedule counts by its own defaults."""
    name = _SCHEDULES[shape]
    if name is None:
        return [0.0] * (info.tasks - 1)
    try:
        cls = load(find("schedule", name))
    except ConfigError as error:
        raise ConfigError(
            f"{error.problem} Searches compare with it.", "Install it: pip install cltk-schedules"
        ) from error
    schedule = cls(cls.Config(), info)
    return [float(schedule.count(task, size)) for task, size in enumerate(info.sizes[1:], start=1)]
