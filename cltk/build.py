"""The composition root: from an experiment to what it means, to its data, to a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import torch

from cltk import __version__
from cltk.config import Overrides, Settings, Slot, check
from cltk.data_folders import data_folders
from cltk.engine import Run
from cltk.errors import CltkError, ConfigError, DataUnavailableError
from cltk.experiment import Experiment, config_hash
from cltk.interfaces import Measure, Parts, Scenario, ScenarioInfo, SlotName, Streams, Task
from cltk.kinds import SLOTS
from cltk.machine import Machine, Precision, device_of, precision_of, sensible_threads
from cltk.registry import Plugin, default_names, find, load, plugin_of, shortest_name
from cltk.sources import digest_of

__all__ = ["CORE", "Chosen", "Prepared", "Resolved", "choose_metrics", "prepare", "resolve"]

CORE = f"cltk-core {__version__}"
"""The distribution and version of the core, as records keep it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A component that was chosen for a slot: where it comes from, its class and its checked configuration."""

    plugin: Plugin
    cls: type[Any]
    config: Settings

    @property
    def settings(self) -> Overrides:
        """Its name and every setting, defaults written out; its distribution is not among them."""
        return {"name": self.plugin.name, **self.config.model_dump(mode="json")}

    @property
    def name(self) -> str:
        """The shortest name that finds it among what is installed."""
        return shortest_name(self.plugin)

    def build(self, *arguments: Any) -> Any:
        """The component itself.

        Args:
            arguments: What its constructor takes beside the configuration.

        Raises:
            ConfigError: It cannot be built with these settings.
        """
        try:
            return self.cls(self.config, *arguments)
        except CltkError:
            raise
        except Exception as error:
            cause = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise ConfigError(
                f"The {self.plugin.kind} '{self.name}' of {self.plugin.provider} cannot be built: {cause}",
                f"Change its settings: 'cltk plugins show {self.name}' lists them.",
            ) from error


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an experiment means with what is installed: its components and all their settings. No data is read for it.

    Attributes:
        experiment: What was asked for.
        components: The component in each slot.
        metrics: What is measured of it, which takes no part in what it is.
    """

    experiment: Experiment
    components: Mapping[str, Chosen]
    metrics: Sequence[Chosen]

    @property
    def config(self) -> Overrides:
        """The experiment with every default written out, fit for TOML and JSON."""
        plain = {"name", "description", "seeds", "evaluate", "on_divergence"}
        return (
            self.experiment.model_dump(mode="json", include=plain)
            | {slot: chosen.settings for slot, chosen in self.components.items()}
            | {"metrics": [chosen.settings | {"name": chosen.plugin.qualified} for chosen in self.metrics]}
        )

    @property
    def plugins(self) -> dict[str, str]:
        """The distribution and version behind each slot, and behind the ``core``."""
        return {"core": CORE} | {slot: chosen.plugin.provider for slot, chosen in self.components.items()}

    @property
    def sources(self) -> dict[str, str]:
        """A digest of the Python files behind each slot, and behind the ``core``."""
        return {"core": digest_of("cltk")} | {
            slot: digest_of(chosen.cls.__module__) for slot, chosen in self.components.items()
        }

    @property
    def config_hash(self) -> str:
        """Identifies what is run, whatever it is called and whatever is measured of it."""
        return config_hash(self.config, self.plugins)

    def build_strategy(self, info: ScenarioInfo, streams: Streams) -> Any:
        """The strategy with new networks in its slots, on the device of the streams."""
        slots: dict[SlotName, Any] = {}
        for slot in get_args(SlotName):
            if slot in self.components:
                with streams.scope("init", slot):
                    component = self.components[slot].build(info)
                slots[slot] = component.to(streams.device) if isinstance(component, torch.nn.Module) else component
        with streams.scope("init", "strategy"):
            strategy = self.components["strategy"].build(info, Parts(slots, streams.device))
        for network in strategy.networks.values():  # It may have made some of its own.
            network.to(streams.device)
        return strategy


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
    def components(self) -> Mapping[str, Chosen]:
        """The component in each slot."""
        return self.resolved.components

    @property
    def config(self) -> Overrides:
        """The experiment with every default written out, fit for TOML and JSON."""
        return self.resolved.config

    @property
    def plugins(self) -> dict[str, str]:
        """The distribution and version behind each slot, and behind the ``core``."""
        return self.resolved.plugins

    @property
    def sources(self) -> dict[str, str]:
        """A digest of the Python files behind each slot, and behind the ``core``."""
        return self.resolved.sources

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
            strategy=self.resolved.build_strategy(info, streams),
            streams=streams,
            split=self.experiment.evaluate,
            precision=self.precision,
            threads=self.threads,
            stop_on_divergence=self.experiment.on_divergence == "stop",
        )


def resolve(experiment: Experiment) -> Resolved:
    """Finds and imports what an experiment names, and checks every setting; reads no data.

    Raises:
        ConfigError: A component, field or value is not valid, or a slot is filled that the strategy does not use.
        PluginError: A component cannot be imported.
    """
    strategy = _choose("strategy", experiment.slot("strategy"))
    used = ("scenario", "strategy", *strategy.cls.slots)
    for slot in SLOTS:
        if slot not in used and experiment.slot(slot) is not None:
            raise ConfigError(
                f"The strategy '{strategy.plugin.name}' has no use for a {slot}, but one was given.",
                f"Leave it out (--{slot}, CLTK_{slot.upper()}, [{slot}] in a file), or choose another strategy. "
                f"It uses: {', '.join(strategy.cls.slots)}.",
            )
    components = {
        slot: _choose_for(strategy, slot, experiment.slot(slot))
        for slot in SLOTS
        if slot in used and slot != "strategy"
    }
    return Resolved(experiment, components | {"strategy": strategy}, choose_metrics(experiment.metrics))


def choose_metrics(metrics: Sequence[Slot] | None = None) -> list[Chosen]:
    """Finds and imports metrics.

    Args:
        metrics: Their names and settings; None for those that are offered as defaults.

    Raises:
        ConfigError: There is no such metric, a field is not valid, or one is asked for twice.
        PluginError: One cannot be imported.
    """
    slots = [Slot(name=name) for name in default_names("metric")] if metrics is None else metrics
    chosen = [_choose("metric", slot) for slot in slots]
    names = [metric.name for metric in chosen]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"The metric '{twice}' is asked for twice.", "Name each metric once.")
    return chosen


def prepare(
    experiment: Experiment, machine: Machine | None = None, scenarios: dict[str, Scenario] | None = None
) -> Prepared:
    """Resolves an experiment and reads its data; sets nothing in this process.

    Args:
        experiment: What to run.
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
    resolved = resolve(experiment)
    chosen, scenario, notices = _load_scenario(
        experiment, resolved.components["scenario"], machine, {} if scenarios is None else scenarios
    )
    if not all(len(getattr(task, experiment.evaluate)) for task in scenario.tasks):
        raise ConfigError(
            f"The experiment evaluates on {experiment.evaluate} data, but the scenario has none for some task.",
            "Add --scenario.validation 0.1, or evaluate on the test data."
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
        notices=notices,
    )
    # Built once beforehand in any case, because a component may refuse its configuration only when it sees the tasks.
    strategy = prepared.assemble(seed=0).strategy
    threads = machine.threads or sensible_threads(sum(strategy.parts.parameters.values()))
    return replace(prepared, threads=threads)


def _choose(kind: str, slot: Slot | None) -> Chosen:
    name = slot.name if slot and slot.name else _default(kind)
    plugin = find(kind, name)
    cls = load(plugin)
    return Chosen(plugin, cls, check(cls.Config, slot.settings if slot else {}, f"{kind} '{plugin.name}'"))


def _choose_for(strategy: Chosen, kind: str, slot: Slot | None) -> Chosen:
    """What fills a slot of a strategy: the companion that it needs, where it needs one.

    Raises:
        ConfigError: Another component was named.
    """
    needed = strategy.cls.needs.get(kind)
    if needed is None:
        return _choose(kind, slot)
    companion = shortest_name(plugin_of(kind, needed))
    settings = slot.settings if slot else {}
    chosen = _choose(kind, slot if slot and slot.name else Slot(name=companion, **settings))
    if not issubclass(chosen.cls, needed):
        raise ConfigError(
            f"The strategy '{strategy.name}' needs the {kind} '{companion}', but '{chosen.name}' was given.",
            f"Leave it out, or say --{kind} {companion}.",
        )
    return chosen


def _default(kind: str) -> str:
    names = default_names(kind)
    if len(names) != 1:
        offers = f"{len(names)} are offered as defaults" if names else "none is offered as a default"
        raise ConfigError(f"No {kind} was named, and {offers}.", f"Name one with --{kind}: see 'cltk plugins list'.")
    return names[0]


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
        instead = _choose("scenario", Slot(name=fallback, **asked.settings))
        notice = f"The data of {chosen.name} is not here: running on {fallback} instead. {error.advice}".strip()
        return *build(instead), [notice]
