"""The composition root: from an experiment to its data, and with a seed to a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, get_args

import torch
from torch.nn.parameter import is_lazy

from cltk.config import Overrides, Slot
from cltk.data_folders import data_folders
from cltk.engine import Run
from cltk.errors import ConfigError, DataUnavailableError, PluginError
from cltk.experiment import Experiment
from cltk.interfaces import Measure, Parts, Scenario, ScenarioInfo, SlotName, Strategy, Streams, Task
from cltk.machine import Machine, Precision, device_of, precision_of, sensible_threads
from cltk.resolve import Chosen, Resolved, choose, resolve

__all__ = ["Prepared", "Run", "build_strategy", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An experiment with its components loaded and its data in memory, ready to run with any seed.

    Attributes:
        resolved: What it means with what is installed.
        scenario: The data, for any seed.
        info: What the scenario says of itself; where something of it is drawn by the seed, for one seed of many.
        tasks: Its tasks, on the device.
        device: Where it is computed.
        precision: Of the matrix products in training.
        threads: Number of threads to train with.
        notices: What the user should know, a sentence each.
    """

    resolved: Resolved
    scenario: Scenario
    info: ScenarioInfo
    tasks: Sequence[Task]
    device: torch.device
    precision: Precision
    threads: int
    notices: Sequence[str]

    @property
    def experiment(self) -> Experiment:
        """What was asked for."""
        return self.resolved.experiment

    @property
    def config(self) -> Overrides:
        """The experiment with every default written out, fit for TOML and JSON."""
        return self.resolved.config

    @property
    def plugins(self) -> dict[str, str]:
        """The distribution and version behind each slot, and behind the ``core``."""
        return self.resolved.plugins

    @property
    def config_hash(self) -> str:
        """Identifies what is run, whatever it is called and whatever is measured of it."""
        return self.resolved.config_hash

    def build_metrics(self) -> dict[str, Measure]:
        """The metrics by name."""
        return {chosen.name: chosen.build() for chosen in self.resolved.metrics}

    def assemble(self, seed: int) -> Run:
        """A fresh run with this seed."""
        streams = Streams(seed, device=self.device)
        scenario = self.scenario.for_seed(seed)
        is_shared = scenario is self.scenario
        info = self.info if is_shared else scenario.info
        return Run(
            info=info,
            tasks=self.tasks if is_shared else [task.to(self.device) for task in scenario.tasks],
            strategy=build_strategy(self.resolved.components, info, streams),
            streams=streams,
            split=self.experiment.evaluate,
            precision=self.precision,
            threads=self.threads,
            stop_on_divergence=self.experiment.on_divergence == "stop",
        )


def prepare(
    experiment: Experiment | Resolved, machine: Machine | None = None, scenarios: dict[str, Scenario] | None = None
) -> Prepared:
    """Resolves an experiment and reads its data; sets nothing in this process.

    Args:
        experiment: What to run, resolved already or not.
        machine: Where and how.
        scenarios: Scenarios that are in memory already, and where this one is kept too: whoever prepares many
            experiments reads their data once.

    Raises:
        ConfigError: A component, field or value is not valid, or a slot is filled that the strategy does not use.
        PluginError: A component cannot be imported.
        DataError: The data is missing or broken.
    """
    machine = machine or Machine()
    device = device_of(machine)
    resolved = experiment if isinstance(experiment, Resolved) else resolve(experiment)
    experiment = resolved.experiment
    chosen, scenario, notices = _load_scenario(
        experiment, resolved.components["scenario"], machine, {} if scenarios is None else scenarios
    )
    if not all(len(getattr(task, experiment.evaluate)) for task in scenario.tasks):
        raise ConfigError(
            f"The experiment evaluates on {experiment.evaluate} data, but the scenario has none for some task.",
            "Hold some out by scenario.validation, such as --scenario.validation 0.1, or evaluate on the test data."
            if experiment.evaluate == "validation"
            else "",
        )
    prepared = Prepared(
        resolved=replace(resolved, components={**resolved.components, "scenario": chosen}),
        scenario=scenario,
        info=scenario.info,
        tasks=[task.to(device) for task in scenario.tasks],
        device=device,
        precision=precision_of(machine, device),
        threads=machine.threads or 1,
        notices=[*notices, *resolved.notices],
    )
    # Built once beforehand in any case, because a component may refuse its configuration only when it sees the tasks.
    strategy = prepared.assemble(seed=0).strategy
    _check_replay(strategy, prepared.tasks)
    threads = machine.threads or sensible_threads(sum(strategy.parts.parameters.values()))
    return replace(prepared, threads=threads)


def build_strategy(components: Mapping[str, Chosen], info: ScenarioInfo, streams: Streams) -> Strategy:
    """The strategy with new networks in its slots, on the device of the streams.

    Args:
        components: The component in each slot, the strategy's own among them.
        info: What the scenario says of itself.
        streams: Where the initial weights are drawn from.
    """
    slots: dict[SlotName, Any] = {}
    for slot in get_args(SlotName):
        if slot in components:
            with streams.scope("init", slot):
                component = components[slot].build(info)
            slots[slot] = component.to(streams.device) if isinstance(component, torch.nn.Module) else component
    with streams.scope("init", "strategy"):
        strategy: Strategy = components["strategy"].build(info, Parts(slots, streams.device))
    for path, network in strategy.networks.items():  # It may have made some of its own.
        _require_initialised(path, network)
        network.to(streams.device)
    return strategy


def _check_replay(strategy: Strategy, tasks: Sequence[Task]) -> None:
    """Asks how much is replayed at each task, where that is known beforehand: a strategy may refuse its schedule then.

    Raises:
        ConfigError: It does.
    """
    if strategy.is_adaptive:
        return
    try:
        for task in tasks:
            strategy.replay_count(task.index, len(task.train))
    except ConfigError:
        raise
    except Exception:
        return  # For the run to say, with the task: a strategy may count what it has not stored yet.


def _require_initialised(path: str, network: torch.nn.Module) -> None:
    """Refuses lazy modules: their weights would be drawn outside of the seeded scope, when data first reaches them."""
    if any(map(is_lazy, chain(network.parameters(), network.buffers()))):
        problem = f"The network '{path}' has a lazy module, whose first weights no seed would decide."
        raise PluginError(problem, "Give the module its sizes, by info.shape, info.pixels and info.outputs.")


def _load_scenario(
    experiment: Experiment, chosen: Chosen, machine: Machine, loaded: dict[str, Scenario]
) -> tuple[Chosen, Scenario, list[str]]:
    """Builds the scenario; its fallback where it was not asked for by name and has no data."""
    folders = data_folders(machine.data_dir)

    def build(chosen: Chosen) -> tuple[Chosen, Scenario]:
        key = repr((chosen.plugin, chosen.config, folders))
        if key not in loaded:
            loaded[key] = chosen.build(folders)
        return replace(chosen, config=loaded[key].pinned_config), loaded[key]

    try:
        return *build(chosen), []
    except DataUnavailableError as error:
        fallback, asked = chosen.cls.fallback, experiment.slot("scenario") or Slot()
        if asked.name is not None or fallback is None:
            raise
        instead = choose("scenario", Slot(name=fallback, **asked.settings))
        notice = f"The data of {chosen.name} is not here: running on {fallback} instead. {error.advice}".strip()
        return *build(instead), [notice]
