"""Records of version 1, as cltk 0.1 wrote them, in the form of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cltk.experiment import config_hash
from cltk.kinds import SLOTS

__all__ = ["SCHEMA_1", "upgrade"]

SCHEMA_1 = "cltk.run/1"
_LABEL_BYTES = 8


def upgrade(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a record of today, made of those of version 1.

    Its metrics are kept as they are, its hash is computed anew, and what it does not hold is left out.

    Raises:
        ValueError: An entry is missing or of another form.
    """
    try:
        return _upgraded(entries)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"it does not have the form of a record ({type(error).__name__}: {error})") from error


def _upgraded(entries: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in entries.items() if key not in ("accuracy", "samples", "operations", "replay")}
    plugins = {slot: provider for slot, provider in entries["plugins"].items() if slot in SLOTS}
    config = _with_plain_names(entries["config"])
    return kept | {
        "schema": "cltk.run/2",
        "config": config,
        "config_hash": config_hash(config, plugins),
        "recorded_hash": entries["config_hash"],
        "plugins": plugins,
        "untrained": entries["accuracy"][0] if entries["accuracy"] else [],
        "tasks": _tasks(entries),
        "data_bytes": _data_bytes(entries),
    }


def _with_plain_names(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with components named as their entry points are; their distributions are in ``plugins``."""
    slots = {slot: config[slot] for slot in SLOTS if config.get(slot)}
    return dict(config) | {
        slot: dict(settings) | {"name": settings["name"].rpartition(":")[2]} for slot, settings in slots.items()
    }


def _tasks(entries: Mapping[str, Any]) -> list[dict[str, Any]]:
    counts, coverage = entries["replay"]["counts"], entries["replay"]["coverage"]
    return [
        {
            "classes": entries["classes"][task],
            "samples": entries["samples"][task],
            "replayed": counts[task],
            "accuracy": row,
            "coverage": coverage[task] if task < len(coverage) else {},
            "operations": entries["operations"][task],
        }
        for task, row in enumerate(entries["accuracy"][1:])
    ]


def _data_bytes(entries: Mapping[str, Any]) -> int | None:
    """Of all tasks, which are known once the last one has begun."""
    sizes, image = entries["samples"], entries["bytes"].get("image")
    if image is None or len(sizes) < len(entries["classes"]):
        return None
    return int(sum(sizes) * (image + _LABEL_BYTES))
