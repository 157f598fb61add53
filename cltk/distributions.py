"""The installed distributions that offer plugins, as their metadata describes them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from cltk.names import canonical

__all__ = ["Provider", "providers", "scan", "unreadable"]


@dataclass(frozen=True, slots=True)
class Provider:
    """What is read of one distribution, once: parsing its metadata is most of the cost of listing."""

    name: str
    version: str
    requires: tuple[str, ...]
    entry_points: tuple[EntryPoint, ...]


@cache
def scan() -> tuple[Mapping[str, Provider], Mapping[str, str]]:
    """The distributions with entry points of ours that ``CLTK_PLUGINS`` allows, and those that cannot be read.

    ``CLTK_PLUGINS`` is a comma-separated list. Of a distribution that is found twice, the first one on the path counts.
    """
    allowed = os.environ.get("CLTK_PLUGINS")
    names = None if allowed is None else {canonical(name) for name in allowed.split(",")}
    found: dict[str, Provider] = {}
    broken: dict[str, str] = {}
    for distribution in distributions():
        try:
            provider = _read(distribution)
        except Exception as error:
            name = getattr(distribution, "_path", "unknown distribution")
            broken[Path(str(name)).stem] = f"malformed metadata: {type(error).__name__}: {error}"
            continue
        if provider and (names is None or provider.name in names):
            found.setdefault(provider.name, provider)
    return found, broken


def _read(distribution: Distribution) -> Provider | None:
    """What is to be known of a distribution; None where it has no entry points of ours.

    Raises:
        Exception: Its metadata does not parse.
    """
    if not distribution.entry_points and "[cltk." in (distribution.read_text("entry_points.txt") or ""):
        raise ValueError("entry_points.txt does not parse")
    entry_points = tuple(point for point in distribution.entry_points if point.group.startswith("cltk."))
    if not entry_points:
        return None
    metadata = distribution.metadata
    if not (metadata["Name"] and metadata["Version"]):
        raise ValueError("it has entry points, but no name or no version")
    requires = tuple(str(text) for text in metadata.get_all("Requires-Dist") or ())
    return Provider(canonical(metadata["Name"]), str(metadata["Version"]), requires, entry_points)


def providers() -> Collection[Provider]:
    """The distributions with entry points of ours."""
    return scan()[0].values()


def unreadable() -> Mapping[str, str]:
    """The distributions whose metadata cannot be read at all, each with the reason."""
    return scan()[1]
