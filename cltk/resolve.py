"""From what an experiment names to classes and their settings; no data is read, and nothing is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from cltk import __version__
from cltk.config import Overrides, Settings, Slot, changed_without_effect, check
from cltk.errors import CltkError, ConfigError, Fault, Faults, under
from cltk.experiment import Experiment, config_hash
from cltk.kinds import SLOTS
from cltk.registry import Plugin, default_names, find, installed, load, plugin_of, shortest_name
from cltk.sources import digest_of

__all__ = ["CORE", "Chosen", "Resolved", "choose", "choose_metrics", "has_field", "resolve"]

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
    def notices(self) -> list[str]:
        """What was set without any effect, a sentence each."""
        return [
            f"{slot}.{path} has no effect: {why}."
            for slot, chosen in self.components.items()
            for path, why in changed_without_effect(chosen.config)
        ]

    @property
    def config_hash(self) -> str:
        """Identifies what is run, whatever it is called and whatever is measured of it."""
        return config_hash(self.config, self.plugins)


def resolve(experiment: Experiment) -> Resolved:
    """Finds and imports what an experiment names, and checks every setting; reads no data.

    Raises:
        ConfigError: A component, field or value is not valid, or a slot is filled that the strategy does not use.
        PluginError: A component cannot be imported.
    """
    faults = Faults()
    strategy: Chosen | None = None
    components: dict[str, Chosen] = {}
    with faults.further():
        strategy = choose("strategy", experiment.slot("strategy"))
    for slot in SLOTS:
        with faults.further():
            if slot != "strategy" and _is_used(slot, strategy, experiment.slot(slot)):
                components[slot] = _choose_for(strategy, slot, experiment.slot(slot))
    metrics: Sequence[Chosen] = ()
    with faults.further():
        metrics = choose_metrics(experiment.metrics)
    faults.settle()
    assert strategy is not None
    return Resolved(experiment, components | {"strategy": strategy}, metrics)


def _is_used(slot: str, strategy: Chosen | None, given: Slot | None) -> bool:
    """Whether a slot is to be filled; where the strategy is not known, whether it was.

    Raises:
        ConfigError: It was filled, and the strategy does not use it.
    """
    if slot == "scenario" or strategy is None:
        return given is not None
    if slot not in strategy.cls.slots and given is not None:
        raise ConfigError(
            f"The strategy '{strategy.plugin.name}' has no use for a {slot}, but one was given.",
            f"Leave it out (--{slot}, CLTK_{slot.upper()}, [{slot}] in a file), or choose another strategy. "
            f"Components that it uses: {', '.join(strategy.cls.slots) or 'none'}.",
            at=slot,
        )
    return slot in strategy.cls.slots


def choose_metrics(metrics: Sequence[Slot] | None = None) -> list[Chosen]:
    """Finds and imports metrics.

    Args:
        metrics: Their names and settings; None for those that are offered as defaults.

    Raises:
        ConfigError: There is no such metric, a field is not valid, or one is asked for twice.
        PluginError: One cannot be imported.
    """
    slots = [Slot(name=name) for name in default_names("metric")] if metrics is None else metrics
    faults = Faults()
    chosen = []
    for place, slot in enumerate(slots):
        with faults.further():
            chosen.append(choose("metric", slot, at=f"metrics.{place}"))
    faults.settle()
    names = [metric.name for metric in chosen]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ConfigError(f"The metric '{twice}' is asked for twice.", "Name each metric once.", at="metrics")
    return chosen


def choose(kind: str, slot: Slot | None, at: str | None = None) -> Chosen:
    """Finds and imports a component, and checks its settings.

    Args:
        kind: Of which kind.
        slot: Its name and settings; without a name, the one that is offered as the default.
        at: Where an experiment has it, by dotted path; by default, under its kind.

    Raises:
        ConfigError: There is no such component, a field is not valid, or none or several are offered as the default.
        PluginError: It cannot be imported.
    """
    with under(at or kind):
        plugin = find(kind, slot.name if slot and slot.name is not None else _default(kind))
        cls = load(plugin)
        try:
            return Chosen(plugin, cls, check(cls.Config, slot.settings if slot else {}, f"{kind} '{plugin.name}'"))
        except ConfigError as error:
            raise ConfigError.of(_with_owner(fault, kind, cls) for fault in error.faults) from error


def _with_owner(fault: Fault, kind: str, cls: type[Any]) -> Fault:
    """The fault with the components of the kind that have the field, where this one does not."""
    field = fault.at.partition(".")[0]
    others = () if field in cls.Config.model_fields else installed(kind)
    owners = [shortest_name(other) for other in others if has_field(other, field)]
    if not owners:
        return fault
    if len(owners) == 1:
        return replace(fault, advice=f"'{owners[0]}' has it: add --{kind} {owners[0]}. {fault.advice}")
    return replace(fault, advice=f"{fault.advice} It is a field of {', '.join(owners)}.")


def has_field(plugin: Plugin, field: str) -> bool:
    """Whether a plugin can be imported and its settings have a field of that name."""
    with suppress(CltkError):
        return field in load(plugin).Config.model_fields
    return False


def _choose_for(strategy: Chosen | None, kind: str, slot: Slot | None) -> Chosen:
    """What fills a slot of a strategy: the companion that it needs, where it is known and needs one.

    Raises:
        ConfigError: Another component was named.
    """
    needed = None if strategy is None else strategy.cls.needs.get(kind)
    if strategy is None or needed is None:
        return choose(kind, slot)
    companion = shortest_name(plugin_of(kind, needed))
    settings = slot.settings if slot else {}
    chosen = choose(kind, slot if slot and slot.name is not None else Slot(name=companion, **settings))
    if not issubclass(chosen.cls, needed):
        raise ConfigError(
            f"The strategy '{strategy.name}' needs the {kind} '{companion}', but '{chosen.name}' was given.",
            f"Leave it out, or say --{kind} {companion}.",
            at=kind,
        )
    return chosen


def _default(kind: str) -> str:
    names = default_names(kind)
    if len(names) != 1:
        offers = f"{len(names)} are offered as defaults" if names else "none is offered as a default"
        raise ConfigError(f"No {kind} was named, and {offers}.", f"Name one with --{kind}: see 'cltk plugins list'.")
    return names[0]
