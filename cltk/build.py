"""The composition root: from an experiment to a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import torch

from cltk.config import Experiment, Slot, check, config_hash
from cltk.engine import Run
from cltk.engine.run import Precision
from cltk.errors import CltkError, ConfigError, DataUnavailableError
from cltk.interfaces import (
    Component,
    Metric,
    Parts,
    Scenario,
    ScenarioInfo,
    SlotName,
    Streams,
    Task,
)
from cltk.kinds import SLOTS
from cltk.machine import Machine, device_of, precision_of, sensible_threads
from cltk.registry import Plugin, default_names, find, load, shortest_name

__all__ = ["Prepared", "data_folders", "prepare"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A component that was chosen for a slot: where it comes from, its class and its checked configuration."""

    plugin: Plugin
    cls: type[Any]
    config: Component.Config

    def resolved(self) -> dict[str, Any]:
        """Its name and every setting, defaults written out."""
        return {"name": self.name, **self.config.model_dump(mode="json")}

    @property
    def name(self) -> str:
        """The name that finds it again."""
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
class Prepared:
    """An experiment with its components loaded and its data in memory, ready to run with any seed.

    Attributes:
        experiment: What was asked for.
        parts: The component in each slot.
        metrics: The metrics by name.
        info: What the scenario says of itself.
        tasks: Its tasks, on the device.
        notices: What the user should know, a sentence each.
    """

    experiment: Experiment
    parts: Mapping[str, Chosen]
    metrics: Mapping[str, Metric]
    metric_parts: Sequence[Chosen]
    plugins: Mapping[str, str]
    info: ScenarioInfo
    tasks: Sequence[Task]
    device: torch.device
    precision: Precision
    notices: Sequence[str]

    @property
    def resolved(self) -> dict[str, Any]:
        """The experiment with every default written out, fit for TOML and JSON."""
        plain = self.experiment.model_dump(
            mode="json", include={"name", "description", "seeds", "evaluate", "on_divergence"}
        )
        return (
            plain
            | {slot: part.resolved() for slot, part in self.parts.items()}
            | {"metrics": [part.resolved() for part in self.metric_parts]}
        )

    @property
    def config_hash(self) -> str:
        """Identifies what is run, whatever it is called."""
        return config_hash(self.resolved)

    def assemble(self, seed: int) -> Run:
        """A fresh run with this seed."""
        streams = Streams(seed, device=self.device)
        slots: dict[SlotName, Any] = {}
        for slot in get_args(SlotName):
            if slot in self.parts:
                part = self.parts[slot]
                with streams.scope("init", slot):
                    component = part.build(self.info)
                slots[slot] = component.to(self.device) if isinstance(component, torch.nn.Module) else component
        part = self.parts["strategy"]
        with streams.scope("init", "strategy"):
            strategy = part.build(self.info, Parts(slots, self.device))
        experiment = self.experiment
        return Run(
            info=self.info,
            tasks=self.tasks,
            strategy=strategy,
            streams=streams,
            part=experiment.evaluate,
            precision=self.precision,
            stop_on_divergence=experiment.on_divergence == "stop",
        )


def prepare(
    experiment: Experiment, machine: Machine | None = None, scenarios: dict[str, Scenario] | None = None
) -> Prepared:
    """Loads what an experiment names, checks every setting, and reads its data.

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
    parts = _parts(experiment)
    metric_parts = _metrics(experiment)
    scenario_part, scenario, notices = _scenario(
        experiment, parts["scenario"], machine, {} if scenarios is None else scenarios
    )
    parts["scenario"] = scenario_part
    if not all(len(getattr(task, experiment.evaluate)) for task in scenario.tasks):
        raise ConfigError(
            f"The experiment evaluates on {experiment.evaluate} data, but the scenario has none for some task.",
            "Add --scenario.validation 0.1, or evaluate on the test data."
            if experiment.evaluate == "validation"
            else "",
        )
    prepared = Prepared(
        experiment=experiment,
        parts=parts,
        metrics={part.name: part.build() for part in metric_parts},
        metric_parts=metric_parts,
        plugins={slot: part.plugin.provider for slot, part in parts.items()}
        | {f"metric {part.name}": part.plugin.provider for part in metric_parts},
        info=scenario.info,
        tasks=[task.to(device) for task in scenario.tasks],
        device=device,
        precision=precision_of(machine, device),
        notices=notices,
    )
    # Built once beforehand, because a component may refuse its configuration only when it sees the tasks.
    torch.set_num_threads(machine.threads or sensible_threads(prepared.assemble(seed=0)))
    return prepared


def data_folders(data_dir: Path | None) -> tuple[Path, ...]:
    """Where data files are looked for: ``--data-dir``, ``CLTK_DATA_DIR``, the user's cache."""
    import platformdirs

    named = data_dir or os.environ.get("CLTK_DATA_DIR")
    cache = Path(platformdirs.user_cache_dir("cltk", appauthor=False)) / "data"
    return (Path(named).expanduser(), cache) if named else (cache,)


def _part(kind: str, slot: Slot | None) -> Chosen:
    name = slot.name if slot and slot.name else _default(kind)
    plugin = find(kind, name)
    cls = load(plugin)
    return Chosen(plugin, cls, check(cls.Config, slot.settings if slot else {}, f"{kind} '{plugin.name}'"))


def _default(kind: str) -> str:
    names = default_names(kind)
    if len(names) != 1:
        found = f"{len(names)} are offered as defaults" if names else "none is offered as a default"
        raise ConfigError(f"No {kind} was named, and {found}.", f"Name one with --{kind}: see 'cltk plugins list'.")
    return names[0]


def _parts(experiment: Experiment) -> dict[str, Chosen]:
    strategy = _part("strategy", experiment.strategy)
    used = ("scenario", "strategy", *strategy.cls.slots)
    for slot in SLOTS:
        if slot not in used and experiment.slot(slot) is not None:
            raise ConfigError(
                f"The strategy '{strategy.plugin.name}' has no use for a {slot}, but one was given.",
                f"Leave it out, or choose another strategy. It uses: {', '.join(strategy.cls.slots)}.",
            )
    parts = {slot: _part(slot, experiment.slot(slot)) for slot in SLOTS if slot in used and slot != "strategy"}
    return parts | {"strategy": strategy}


def _metrics(experiment: Experiment) -> list[Chosen]:
    chosen = experiment.metrics
    if chosen is None:
        chosen = tuple(Slot(name=name) for name in default_names("metric"))
    parts = [_part("metric", slot) for slot in chosen]
    names = [part.name for part in parts]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"The metric '{twice}' is asked for twice.", "Name each metric once.")
    return parts


def _scenario(
    experiment: Experiment, part: Chosen, machine: Machine, known: dict[str, Scenario]
) -> tuple[Chosen, Scenario, list[str]]:
    """Builds the scenario; its fallback where it was not asked for by name and has no data."""
    folders = data_folders(machine.data_dir)

    def build(part: Chosen) -> Scenario:
        key = repr((part.plugin, part.config, folders))
        if key not in known:
            known[key] = part.build(folders)
        return known[key]

    try:
        return part, build(part), []
    except DataUnavailableError as error:
        fallback = part.cls.fallback
        if experiment.scenario.name is not None or fallback is None:
            raise
        instead = _part("scenario", Slot(name=fallback, **experiment.scenario.settings))
        notice = f"The data of {part.name} is not here: running on {fallback} instead. {error.advice}".strip()
        return instead, build(instead), [notice]
