"""Options that choose what a strategy is checked with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, make_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.complete import plugin_names
from cltk.errors import ConfigError
from cltk.kinds import KINDS
from cltk.registry import Plugin, find, load

__all__ = ["Companions"]


@dataclass(frozen=True)
class _Companions:
    """The components in the slots of a strategy, by name."""

    def parts(self, settings: Mapping[str, Any]) -> dict[str, tuple[type[Any], Mapping[str, Any]]]:
        """Those that were named, as the conformance kit takes them: by slot, each a class and its settings.

        Raises:
            ConfigError: There is no such component.
            PluginError: It cannot be imported.
        """
        return {slot: (load(find(slot, name)), settings.get(slot, {})) for slot, name in self._named.items()}

    def check_settings(self, settings: Mapping[str, Any], subjects: list[Plugin]) -> None:
        """Checks that the fields which were set are of something that takes part.

        Raises:
            ConfigError: A field is of something else.
        """
        for kind in settings.keys() - {plugin.kind for plugin in subjects} - self._named.keys():
            raise ConfigError(f"A field of a {kind} is set, and there is none.", f"Name one with --{kind}.")

    @property
    def _named(self) -> dict[str, str]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {slot: name for slot, name in values.items() if name is not None}


if TYPE_CHECKING:
    Companions = _Companions
else:
    Companions = make_dataclass(
        "Companions",
        [
            (
                kind.name,
                Annotated[
                    str | None,
                    typer.Option(
                        help=f"A {kind.name} to check a strategy with, by name; by default, a plain one.",
                        autocompletion=plugin_names(kind.name),
                    ),
                ],
                None,
            )
            for kind in KINDS.values()
            if kind.is_slot and not kind.is_compulsory
        ],
        bases=(_Companions,),
        frozen=True,
    )
