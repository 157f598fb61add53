"""A search: what its trials share, what they may change, and what decides between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from cltk.config import Name, Overrides, Settings, check
from cltk.errors import CltkError
from cltk.experiment import Experiment
from cltk.interfaces import FloatRange, IntRange, OneOf
from cltk.layers import overlay
from cltk.resolve import resolve
from cltk_studies.questions.allocation import BASELINES, Allocation
from cltk_studies.questions.items import Item
from cltk_studies.questions.objective import ACCURACY, COST
from cltk_studies.questions.space import at, encoded, layer_of, suggest
from cltk_studies.questions.study import Cell, Study

__all__ = ["DEFAULTS", "SEARCH", "SEARCH_1", "Search", "upgrade_search"]

SEARCH: Literal["cltk.search/2"] = "cltk.search/2"
SEARCH_1 = "cltk.search/1"

DEFAULTS = "defaults"
"""The trial of the experiment as it is, which a search without an allocation begins with."""


class Search(Settings):
    """A search, with all that a worker on another machine must know.

    Attributes:
        name: What its results are filed under.
        description: What it is for.
        experiment: What the trials share, evaluated on validation data.
        config_hash: Identifies that experiment.
        plugins: The distributions and versions that it runs with; empty in a search of cltk 0.1.
        objective: The metrics that decide, the most important one first.
        tasks: Number of tasks.
        allocation: How replayed samples are spread over the tasks; None where the search leaves that alone.
        dimensions: What is tuned beside the shares of a budget, by path.
        seeds: Runs of each trial.
        test_seeds: Runs of the chosen configuration, on test data.
    """

    schema_: Literal["cltk.search/2"] = Field(SEARCH, alias="schema")
    name: Name
    description: str = ""
    experiment: Overrides
    config_hash: str
    plugins: dict[str, str] = Field(default_factory=dict)
    objective: tuple[str, ...]
    tasks: int
    allocation: Allocation | None
    dimensions: dict[str, IntRange | FloatRange | OneOf]
    seeds: tuple[int, ...]
    test_seeds: tuple[int, ...]

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What makes it this search; the numbers of trials and of test seeds may grow."""
        entries = self.model_dump(mode="json")
        names = ("name", "config_hash", "objective", "allocation", "dimensions", "seeds")
        return {"kind": "tuning"} | {name: entries[name] for name in names}

    @property
    def is_of_0_1(self) -> bool:
        """Whether cltk 0.1 made it, which kept no versions."""
        return not self.plugins

    def to_dict(self) -> dict[str, Any]:
        """The search as JSON."""
        return self.model_dump(mode="json", by_alias=True)

    def as_of_today(self) -> Search:
        """The search with the hash that its experiment has with what is installed, where that can run it."""
        try:
            resolved = resolve(check(Experiment, self.experiment, "the search's experiment"))
        except CltkError:
            return self
        return self.model_copy(update={"config_hash": resolved.config_hash})

    def items(self, trials: int) -> list[Item]:
        """What is to be tried: the baselines, and the rest as the sampler chooses."""
        baselines = self._baselines()
        numbers = range(len(baselines), trials)
        return [*baselines, *(Item(f"trial-{number}", {"label": f"trial {number}"}) for number in numbers)]

    def layer(self, trial: Any) -> Overrides:
        """The experiment of a trial; it chooses what was not chosen before."""
        given = trial.user_attrs
        if given.get("unchanged"):
            return self.experiment
        space = {
            path: dimension
            for path, dimension in self.dimensions.items()
            if "counts" not in given or not path.startswith("schedule.")
        }
        values = {path: suggest(trial, path, dimension) for path, dimension in space.items()}
        allocated = self.allocation.suggest(trial) if self.allocation else {}
        return overlay([self.experiment, layer_of(values, self.experiment, self.tasks), allocated])

    def as_study(self, finished: Sequence[Any]) -> Study:
        """Its finished trials as the cells of a study; of two that came to the same configuration, the first."""
        cells: dict[str, Cell] = {}
        for trial in finished:
            known = trial.user_attrs
            counts = {"counts": known["replayed"]} if self.allocation else {}
            cell = Cell(
                name=known["label"],
                settings={**counts, **trial.params},
                experiment=self.layer(trial),
                config_hash=known["config_hash"],
                plugins=self.plugins,
            )
            cells.setdefault(cell.config_hash, cell)
        names = [cell.name for cell in cells.values()]
        usual = [name for name in (DEFAULTS, "uniform", *BASELINES) if name in names]
        return Study(
            kind="search",
            name=self.name,
            description=self.description,
            baseline=next(iter([*usual, *names]), DEFAULTS),
            seeds=self.seeds,
            cells=tuple(cells.values()),
            objective=self.objective,
        )

    def _baselines(self) -> list[Item]:
        values = {path: encoded(at(self.experiment, path), dimension) for path, dimension in self.dimensions.items()}
        defaults = {path: value for path, value in values.items() if value is not None}
        if self.allocation is not None:
            return self.allocation.baselines(defaults, list(self.dimensions))
        if len(defaults) == len(self.dimensions):
            return [Item(DEFAULTS, {"label": DEFAULTS}, defaults)]
        return [Item(DEFAULTS, {"label": DEFAULTS, "unchanged": True})]


def upgrade_search(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A definition of today, made of one of cltk 0.1, which knew accuracy and samples replayed alone."""
    kept = {name: definition[name] for name in ("name", "experiment", "dimensions", "seeds", "test_seeds")}
    return {
        **kept,
        "schema": SEARCH,
        "description": definition.get("description", ""),
        "config_hash": "",
        "objective": [ACCURACY] if definition["budget"] is not None else [ACCURACY, COST],
        "tasks": len(definition["sizes"]),
        "allocation": {name: definition[name] for name in ("schedule", "counts", "sizes", "budget")},
    }
