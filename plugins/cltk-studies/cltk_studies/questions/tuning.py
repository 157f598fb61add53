"""From a ``[tune]`` table to a search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import Field

from cltk.build import Prepared, prepare
from cltk.config import Name, Overrides, Seeds, Settings, check, sound_part
from cltk.errors import ConfigError, Faults, under
from cltk.experiment import Experiment
from cltk.interfaces import Scenario, ScenarioInfo
from cltk.layers import overlay, override_at
from cltk.machine import Machine
from cltk.resolve import Resolved, resolve
from cltk_studies.questions.allocation import Allocation
from cltk_studies.questions.objective import ACCURACY, COST, Objective, ObjectiveNames
from cltk_studies.questions.search import Search
from cltk_studies.questions.space import check_ends, check_entries, find_allocator, own_space, read_space

__all__ = ["Tuning", "check_tuning", "prepare_search"]

PreparedOrResolved = TypeVar("PreparedOrResolved", Prepared, Resolved)

HELD_OUT = 0.1
"""The share of the training data that is held out for tuning where the experiment holds out nothing."""

Prepare = Callable[[Overrides], Prepared]


class Tuning(Settings):
    """The table ``[tune]`` of an experiment file."""

    name: Name | None = Field(None, description="name of the study; by default, of the experiment")
    objective: ObjectiveNames | None = Field(None, description="what is searched for; by default, accuracy")
    budget: int | None = Field(None, ge=1, description="samples to replay over all tasks, in one epoch of each")
    pareto: bool = Field(False, description="accuracy against samples replayed, instead of a fixed budget")
    trials: int = Field(40, ge=1, description="configurations to try, the baselines among them")
    seeds: Seeds | None = Field(None, description="runs of each configuration; by default, the experiment's")
    test_seeds: Seeds | None = Field(None, description="runs of the chosen one on test data; none of the seeds above")
    space: dict[str, Any] = Field({}, description="fields to tune, each with its range or its values")


def prepare_search(
    tuning: Tuning, base: Overrides, machine: Machine, scenarios: dict[str, Scenario]
) -> tuple[Search, Prepared]:
    """Makes the search that a table ``[tune]`` describes, and prepares the experiment that it starts from.

    All that can be wrong with its trials is said before any of them runs. Data that is read goes to ``scenarios``.

    Raises:
        CltkError: It has nothing to tune, or cannot be tuned; or an end of a range is no valid setting.
    """
    faults = Faults()
    check_tuning(tuning, base, faults)
    faults.settle()

    notices: dict[str, None] = {}

    def noted(found: PreparedOrResolved) -> PreparedOrResolved:
        """It, when what it has to say is noted."""
        notices.update(dict.fromkeys(found.notices))
        return found

    def prepare_layer(layer: Overrides) -> Prepared:
        return noted(prepare(check(Experiment, layer, "the experiment"), machine, scenarios))

    def resolve_layer(layer: Overrides) -> Resolved:
        return noted(resolve(check(Experiment, layer, "the experiment")))

    prepared = _on_validation(base, prepare_layer)
    allocation, prepared = _allocation(tuning, base, prepared, prepare_layer)
    trade_off = own_space("schedule", prepared) if tuning.pareto else {}
    experiment = prepared.config
    chosen_space = read_space(tuning.space, prepared)
    check_ends(chosen_space, experiment, prepared.info.tasks, prepare_layer, resolve_layer)
    seeds = tuning.seeds or prepared.experiment.seeds
    objective = Objective.find(
        tuning.objective or ((ACCURACY, COST) if tuning.pareto else (ACCURACY,)), experiment["metrics"]
    )
    objective.check(prepared, seeds, alone=True)
    name = tuning.name or prepared.experiment.name
    search = Search(
        name=name,
        description=prepared.experiment.description,
        experiment=experiment | {"name": name},
        config_hash=prepared.config_hash,
        plugins=prepared.plugins,
        objective=tuple(objective.metrics),
        tasks=prepared.info.tasks,
        allocation=allocation,
        dimensions=trade_off | chosen_space,
        seeds=seeds,
        test_seeds=_test_seeds(tuning, seeds),
    )
    _check_trials(tuning.trials, search)
    return search, replace(prepared, notices=list(notices))


def check_tuning(tuning: Tuning, base: Overrides, faults: Faults) -> None:
    """Checks a search as far as that can be done without data; what is wrong goes to ``faults``."""
    with faults.further():
        _check_mode(tuning)
    check_entries(tuning.space, faults)
    experiment = check(Experiment, sound_part(Experiment, base, "the experiment", faults), "the experiment")
    with faults.further():
        resolve(experiment)
    with faults.further():
        _test_seeds(tuning, tuning.seeds or experiment.seeds)
    with faults.further(), under("tune.objective"):
        Objective.find(tuning.objective or ())


def _on_validation(layer: Overrides, prepare_layer: Prepare) -> Prepared:
    """The experiment, evaluated on validation data: what it holds out, or else a tenth of the training data."""
    plain = prepare_layer(overlay([layer, {"evaluate": "test"}]))
    layers = [layer, {"evaluate": "validation"}]
    holds_out = all(len(task.validation) for task in plain.tasks)
    if not holds_out and "validation" in plain.resolved.components["scenario"].cls.Config.model_fields:
        layers.append(override_at("scenario.validation", HELD_OUT))
    return prepare_layer(overlay(layers))


def _allocation(
    tuning: Tuning, base: Overrides, prepared: Prepared, prepare_layer: Prepare
) -> tuple[Allocation | None, Prepared]:
    """How replay is spread, where the search is about that; and the experiment with a schedule that can be searched."""
    if tuning.budget is None and not tuning.pareto:
        return None, prepared
    info = prepared.info
    _check_budget(tuning.budget, info)
    schedule, counts = find_allocator(prepared)
    allocation = Allocation(schedule=schedule, counts=counts, sizes=info.sizes, budget=tuning.budget)
    if tuning.pareto and not prepared.resolved.components["schedule"].cls.search_space(info):
        prepared = _on_validation(overlay([base, allocation.layer([0] * info.tasks)]), prepare_layer)
    return allocation, prepared


def _check_mode(tuning: Tuning) -> None:
    if tuning.budget is not None and tuning.pareto:
        raise ConfigError(
            "A fixed budget of replayed samples and the whole trade-off were asked for.",
            "Give one of --budget and --pareto.",
            at="tune.pareto",
        )
    if tuning.budget is None and not tuning.pareto and not tuning.space:
        raise ConfigError(
            "Tuning needs something to change: either a budget of replayed samples to spread, the whole trade-off of "
            "accuracy and samples, or fields of components.",
            "Give --budget 48000, --pareto, or a table [tune.space] in a file.",
        )


def _check_budget(budget: int | None, info: ScenarioInfo) -> None:
    if budget is not None and budget < info.tasks:
        raise ConfigError(
            f"A budget of {budget} samples cannot be spread over {info.tasks} tasks.",
            f"Give at least {info.tasks}; a task of this scenario has about {max(info.sizes):,} samples of its own.",
        )


def _check_trials(trials: int, search: Search) -> None:
    baselines = len(search.items(0))
    if trials < baselines:
        raise ConfigError(
            f"{trials} trials are too few: {baselines} of them are baselines.", f"Give --trials {baselines} or more."
        )


def _test_seeds(tuning: Tuning, seeds: Sequence[int]) -> tuple[int, ...]:
    """Seeds that tuning never saw: by default as many, from the first one after them."""
    if tuning.test_seeds is None:
        first = max(seeds) + 1
        return tuple(range(first, first + len(seeds)))
    if seen := sorted(set(tuning.test_seeds) & set(seeds)):
        raise ConfigError(
            f"The test seeds {', '.join(map(str, seen))} are seeds of the tuning too.",
            "Give others with --test-seeds.",
            at="tune.test_seeds",
        )
    return tuning.test_seeds
