"""The kinds of plugin: the one place that lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

__all__ = ["COMPONENTS", "KINDS", "SLOTS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of plugin.

    Attributes:
        name: What options, files and tables call it.
        group: The entry-point group that it is discovered by.
        base: The class that plugins of this kind derive from, as ``module:Class``; None for a function.
        purpose: What it is for, in a few words.
        is_slot: Whether an experiment has one of it, under its name, as part of what is run.
        is_compulsory: Whether every experiment has one, named or not; other slots depend on the strategy.
        command: What to type to use one, with ``{kind}`` and ``{name}`` for those.
    """

    name: str
    group: str
    base: str | None
    purpose: str
    is_slot: bool = False
    is_compulsory: bool = False
    command: str = "cltk run --{kind} {name}"

    def usage(self, name: str) -> str:
        """What to type to use the plugin of that name."""
        words = name.replace(".", " ") if self.name == "command" else name
        return self.command.format(kind=self.name, name=words)

    def option(self, name: str) -> str:
        """The option that sets a field of the plugin of that name, which is told from others unless it fills a slot."""
        return f"--{self.name}.<field>" if self.is_slot else f"--{self.name}.{name}.<field>"

    def accepts(self, loaded: object) -> bool:
        """Whether what an entry point of this kind refers to is of this kind."""
        if self.base is None:
            return callable(loaded) and not isinstance(loaded, type)
        return isinstance(loaded, type) and issubclass(loaded, self.base_class)

    @property
    def base_class(self) -> type[Any]:
        """The class that plugins of this kind derive from, imported."""
        assert self.base is not None
        base: type[Any] = resolve_name(self.base)
        return base

    @property
    def expected(self) -> str:
        """What an entry point of this kind has to refer to, in words."""
        return "function" if self.base is None else self.base.rpartition(":")[2]


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("scenario", "cltk.scenarios", "cltk.interfaces:Scenario", "the sequence of tasks", True, True),
        Kind("strategy", "cltk.strategies", "cltk.interfaces:Strategy", "what is trained on what", True, True),
        Kind("generator", "cltk.generators", "cltk.interfaces:Generator", "replays earlier images", True),
        Kind("classifier", "cltk.classifiers", "cltk.interfaces:Classifier", "must not forget", True),
        Kind("schedule", "cltk.schedules", "cltk.interfaces:ReplaySchedule", "how much is replayed", True),
        Kind("metric", "cltk.metrics", "cltk.interfaces:Measure", "one number about a run, or about several"),
        Kind("sink", "cltk.sinks", "cltk.interfaces:Sink", "reports runs while they go on"),
        Kind(
            "source",
            "cltk.sources",
            "cltk.interfaces:RecordSource",
            "finds records of other machines",
            command="cltk report STUDY --tracking-uri URI",
        ),
        Kind(
            "launcher",
            "cltk.launchers",
            "cltk.interfaces:Launcher",
            "starts the workers of a study",
            command="cltk ablate FILE --{kind} {name}",
        ),
        Kind("command", "cltk.commands", None, "a command of cltk", command="cltk {name} --help"),
    )
}
"""All kinds, by name."""

SLOTS = tuple(kind.name for kind in KINDS.values() if kind.is_slot)
"""The places in an experiment that a component fills, by name."""

COMPONENTS = (*SLOTS, "metric")
"""The kinds that experiments are made of and judged by."""
