"""The experiment: a component in each slot, with its settings, and what identifies it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, create_model

from cltk.config import Name, Names, Overrides, Seeds, Settings, Slot, SlotField
from cltk.kinds import KINDS, SLOTS
from cltk.names import canonical

__all__ = ["Experiment", "config_hash", "qualified_names"]

_fields: dict[str, Any] = {
    kind.name: (SlotField, Field(Slot(), description=kind.purpose))
    if kind.is_compulsory
    else (SlotField | None, Field(None, description=kind.purpose))
    for kind in KINDS.values()
    if kind.is_slot
}
_Slots: Any = create_model("_Slots", __base__=Settings, **_fields)
"""A field for each slot: a component by name, with the settings that differ from its defaults."""


class Experiment(_Slots):
    """What is run: a component in each slot, the seeds, and what to report."""

    name: Name = "run"
    description: str = Field("", description="what the experiment is for")
    seeds: Seeds = (0,)
    metrics: tuple[SlotField, ...] | None = Field(None, description="metrics, by default all that are offered as such")
    sinks: Names | None = Field(None, description="who is told of runs, by default all that are offered as such")
    sink: dict[str, dict[str, Any]] = Field({}, description="settings of sinks, by the sink's name")
    evaluate: Literal["test", "validation"] = Field("test", description="the part of the data that accuracy is of")
    on_divergence: Literal["stop", "warn"] = Field("stop", description="what to do when a loss is not finite any more")

    def slot(self, name: str) -> Slot | None:
        """The component in a slot, None where nothing was said of it."""
        slot: Slot | None = getattr(self, name)
        return slot


def config_hash(config: Mapping[str, Any], plugins: Mapping[str, str]) -> str:
    """Identifies what is run: 12 hexadecimal digits of a SHA-256.

    What it is called, its seeds, and what is measured of it do not count. Components count by distribution and name, so
    that no other package that is installed makes a difference.

    Args:
        config: The experiment with every default written out.
        plugins: The distribution and version behind each slot.
    """
    named = qualified_names(config, plugins)
    relevant = {key: named[key] for key in (*SLOTS, "evaluate", "on_divergence") if named.get(key)}
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:12]


def qualified_names(config: Mapping[str, Any], plugins: Mapping[str, str]) -> Overrides:
    """The experiment with each component named by its distribution too, as it is found whatever else is installed."""
    slots = {slot: _qualified(config[slot], plugins.get(slot)) for slot in SLOTS if config.get(slot)}
    return {**config, **slots}


def _qualified(settings: Mapping[str, Any], provider: str | None) -> Overrides:
    name = settings["name"] if provider is None else f"{canonical(provider.split()[0])}:{settings['name']}"
    return {**settings, "name": name}
