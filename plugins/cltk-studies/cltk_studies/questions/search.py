"""A search for sample counts: what is tuned, what a trial means, and what a worker does for one."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from cltk.build import Prepared, prepare
from cltk.config import Experiment, Name, Overrides, Seeds, Settings, check, overlay, override_at
from cltk.errors import ConfigError
from cltk.interfaces import Dimension, FloatRange, IntRange, OneOf, Scenario, ScenarioInfo
from cltk.machine import Machine
from cltk.mappings import without_none
from cltk.seeding import derive_seed
from cltk_studies.questions.allocation import BASELINES, SHAPES, allocations, spend
from cltk_studies.questions.space import allocator, at, encoded, layer_of, own_space, space_of, suggest
from cltk_studies.questions.study import Cell, Study
from cltk_studies.work.queue import Item
from cltk_studies.work.worker import RunFailedError, Workbench

__all__ = ["SEARCH", "Search", "Searching", "Tuning", "sampler", "search_of"]

SEARCH: Literal["cltk.search/1"] = "cltk.search/1"

HELD_OUT = 0.1
"""The share of the training data that is held out for tuning where the experiment holds out nothing."""


class Tuning(Settings):
    """The table ``[tune]`` of an experiment file."""

    name: Name | None = Field(None, description="name of the study; by default, of the experiment")
    budget: int | None = Field(None, ge=1, description="samples to replay over all tasks, in one epoch of each")
    pareto: bool = Field(False, description="accuracy against samples replayed, instead of a fixed budget")
    trials: int = Field(40, ge=len(BASELINES), description="configurations to try, the three baselines among them")
    seeds: Seeds | None = Field(None, description="runs of each configuration; by default, the experiment's")
    test_seeds: Seeds | None = Field(None, description="runs of the chosen one on test data; none of the seeds above")
    space: dict[str, Any] = Field({}, description="further fields to tune, each with its range or its values")


class Search(Settings):
    """A search, with all that a worker on another machine must know.

    Attributes:
        name: What its results are filed under.
        description: What it is for.
        experiment: What the trials share, evaluated on validation data.
        schedule: The schedule that takes a count for each task.
        counts: The field of it that takes them.
        sizes: Number of training samples of each task.
        budget: What every trial but ``zero`` spends; None for accuracy against samples.
        dimensions: What is tuned beside a budget's shares, by path.
        seeds: Runs of each trial.
        test_seeds: Runs of the chosen configuration, on test data.
    """

    schema_: Literal["cltk.search/1"] = Field(SEARCH, alias="schema")
    name: Name
    description: str = ""
    experiment: Overrides
    schedule: str
    counts: str
    sizes: tuple[int, ...]
    budget: int | None
    dimensions: dict[str, IntRange | FloatRange | OneOf]
    seeds: tuple[int, ...]
    test_seeds: tuple[int, ...]

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What makes it this search; the number of trials may grow."""
        whole = self.model_dump(mode="json")
        return {"kind": "tuning"} | {name: whole[name] for name in whole if name not in ("schema_", "description")}

    @property
    def directions(self) -> list[str]:
        """Of the objectives: accuracy, and without a budget also the samples replayed."""
        return ["maximize"] if self.budget is not None else ["maximize", "minimize"]

    def to_dict(self) -> dict[str, Any]:
        """The search as JSON."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def info(self) -> ScenarioInfo:
        """As much of the scenario as an allocation depends on."""
        return ScenarioInfo((1, 1, 1), 1, self.sizes, tuple((0,) for _ in self.sizes), "class")

    def items(self, trials: int) -> list[Item]:
        """What is to be tried: the baselines, and the rest as the sampler chooses."""
        known = [self._baseline(name) for name in BASELINES]
        return [
            *known,
            *(Item(f"trial-{number}", {"label": f"trial {number}"}) for number in range(len(known), trials)),
        ]

    def layer(self, trial: Any) -> Overrides:
        """The experiment of a trial; it chooses what was not chosen before."""
        counts = trial.user_attrs.get("counts")
        space = {path: of for path, of in self.dimensions.items() if counts is None or not _is_of_schedule(path)}
        values = {path: suggest(trial, path, dimension) for path, dimension in space.items()}
        own = layer_of(values, self.experiment, len(self.sizes))
        if self.budget is not None:
            tasks = range(1, len(self.sizes))
            counts = [0, *spend([trial.suggest_float(f"share.{task}", 0, 1) for task in tasks], self.budget)]
        return overlay([self.experiment, own, *([self.allocated(counts)] if counts else [])])

    def allocated(self, counts: Sequence[int]) -> Overrides:
        """The layer that replays these counts."""
        return {"schedule": {"name": self.schedule, self.counts: list(counts)}}

    def as_study(self, finished: Sequence[Any]) -> Study:
        """Its finished trials as the cells of a study; of two that came to the same configuration, the first."""
        cells: dict[str, Cell] = {}
        for trial in finished:
            known = trial.user_attrs
            settings = {"counts": known["replayed"], **trial.params}
            cell = Cell(
                name=known["label"], settings=settings, experiment=self.layer(trial), config_hash=known["config_hash"]
            )
            cells.setdefault(cell.config_hash, cell)
        names = [cell.name for cell in cells.values()]
        baseline = next((name for name in ("uniform", *BASELINES) if name in names), names[0] if names else "uniform")
        return Study(
            kind="pareto" if self.budget is None else "budget",
            name=self.name,
            description=self.description,
            baseline=baseline,
            seeds=self.seeds,
            cells=tuple(cells.values()),
        )

    def _baseline(self, name: str) -> Item:
        """A baseline, as parameters where the search can express it, so that the sampler learns from it."""
        counts = allocations(self.info, self.budget or sum(self.sizes[1:]))[name]
        defaults = {path: encoded(at(self.experiment, path), of) for path, of in self.dimensions.items()}
        parameters = {path: value for path, value in defaults.items() if value is not None}
        if self.budget is not None:
            shares = {f"share.{task}": weight for task, weight in enumerate(SHAPES[name](self.info), start=1)}
            return Item(name, {"label": name}, parameters | shares)
        entries = {f"schedule.{self.counts}.{task}": count for task, count in enumerate(counts) if task}
        if set(entries) <= set(self.dimensions):
            return Item(name, {"label": name}, parameters | entries)
        others = {path: value for path, value in parameters.items() if not _is_of_schedule(path)}
        return Item(name, {"label": name, "counts": counts}, others)


class Searching:
    """Runs a trial with each seed of a search.

    Args:
        search: The search.
    """

    def __init__(self, search: Search) -> None:
        self.search = search

    def __call__(self, trial: Any, workbench: Workbench) -> Sequence[float]:
        """Returns the mean accuracy, and without a budget the samples replayed too."""
        layer = self.search.layer(trial)
        try:
            records = [workbench.run(layer, seed) for seed in self.search.seeds]
        except ConfigError as error:
            raise RunFailedError(error.problem, error.advice) from error
        for name, value in (
            ("run_ids", [record.run_id for record in records]),
            ("config_hash", records[0].config_hash),
            ("replayed", records[0].replay.counts),
        ):
            trial.set_user_attr(name, value)
        accuracy = statistics.fmean(record.final_accuracy for record in records)
        replayed = sum(records[0].replay.counts)
        return [accuracy] if self.search.budget is not None else [accuracy, float(replayed)]


def sampler(number: int) -> Any:
    """What chooses the parameters of the trial of this number: the same ones after the same results.

    Several workers must not draw from one seed, and what a trial lacks must not keep the others from being sampled
    together: hence a seed a trial, and groups.
    """
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # These options are called experimental.
        return optuna.samplers.TPESampler(
            seed=derive_seed(number, "trial") % 2**32, multivariate=True, group=True, constant_liar=True
        )


def search_of(
    tuning: Tuning, base: Overrides, machine: Machine, scenarios: dict[str, Scenario]
) -> tuple[Search, Prepared]:
    """The search that a table ``[tune]`` describes, and the experiment that it starts from, ready to run.

    Data that is read goes to ``scenarios``.

    Raises:
        ConfigError: It says neither or both of a budget and ``pareto``, or cannot be tuned.
    """
    _check_mode(tuning)
    prepared = _on_validation(base, machine, scenarios)
    _check_budget(tuning, prepared.info)
    schedule, counts = allocator(prepared)
    if tuning.pareto and not prepared.components["schedule"].cls.search_space(prepared.info):
        layer = overlay([base, {"schedule": {"name": schedule, counts: [0] * prepared.info.tasks}}])
        prepared = _on_validation(layer, machine, scenarios)
    space: dict[str, Dimension] = own_space("schedule", prepared) if tuning.pareto else {}
    seeds = tuning.seeds or prepared.experiment.seeds
    name = tuning.name or prepared.experiment.name
    search = Search(
        name=name,
        description=prepared.experiment.description,
        experiment=without_none(prepared.config) | {"name": name},
        schedule=schedule,
        counts=counts,
        sizes=prepared.info.sizes,
        budget=tuning.budget,
        dimensions=space | space_of(tuning.space, prepared),
        seeds=seeds,
        test_seeds=_test_seeds(tuning, seeds),
    )
    return search, prepared


def _on_validation(layer: Overrides, machine: Machine, scenarios: dict[str, Scenario]) -> Prepared:
    """The experiment, evaluated on validation data: what it holds out, or else a tenth of the training data."""
    layers = [layer, {"evaluate": "validation"}]
    plain = prepare(check(Experiment, overlay([layer, {"evaluate": "test"}]), "the experiment"), machine, scenarios)
    holds_out = all(len(task.validation) for task in plain.tasks)
    if not holds_out and "validation" in plain.components["scenario"].cls.Config.model_fields:
        layers.append(override_at("scenario.validation", HELD_OUT))
    return prepare(check(Experiment, overlay(layers), "the experiment"), machine, scenarios)


def _is_of_schedule(path: str) -> bool:
    return path.startswith("schedule.")


def _check_mode(tuning: Tuning) -> None:
    if (tuning.budget is None) != tuning.pareto:
        raise ConfigError(
            "Tuning needs either a budget of replayed samples or the whole trade-off.",
            "Give --budget 48000, or --pareto.",
        )


def _check_budget(tuning: Tuning, info: ScenarioInfo) -> None:
    if tuning.budget is not None and tuning.budget < info.tasks:
        raise ConfigError(
            f"A budget of {tuning.budget} samples cannot be spread over {info.tasks} tasks.",
            f"Give at least {info.tasks}; a task of this scenario has about {max(info.sizes):,} samples of its own.",
        )


def _test_seeds(tuning: Tuning, seeds: Sequence[int]) -> tuple[int, ...]:
    """Seeds that tuning never saw: by default as many, from the first one after them."""
    if tuning.test_seeds is None:
        first = max(seeds) + 1
        return tuple(range(first, first + len(seeds)))
    if seen := sorted(set(tuning.test_seeds) & set(seeds)):
        raise ConfigError(
            f"The test seeds {', '.join(map(str, seen))} are seeds of the tuning too.", "Give others with --test-seeds."
        )
    return tuning.test_seeds
