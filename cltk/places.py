"""Where a setting was given: a line of a file, a variable, an option."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from cltk.errors import ConfigError, Fault
from cltk.mappings import underscored

__all__ = ["Places"]

_TABLES = ("ablate.", "tune.")
"""Tables whose fields some options set without naming the table: --seeds."""

_LISTS = {"metric": "metrics", "sink": "sinks"}
"""Fields that an option or a variable sets under another name."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the settings of an experiment came from, read when something is wrong with them.

    Attributes:
        file: The file of the experiment, if there is one.
        variables: The environment.
        words: The command line.
    """

    file: Path | None = None
    variables: Mapping[str, str] | None = None
    words: Sequence[str] = ()

    def tell(self, error: ConfigError) -> ConfigError:
        """The error with the place of each fault before it, in the order of the places."""
        known = {**(_lines(self.file) if self.file else {}), **self._variables(), **self._options()}
        order = {place: number for number, place in enumerate(known.values())}
        located = [(_nearest(fault.at, known), fault) for fault in error.faults]
        located.sort(key=lambda each: order.get(each[0], -1))
        told = type(error).of(_placed(fault, place) for place, fault in located)
        return told.with_traceback(error.__traceback__)

    def _variables(self) -> dict[str, str]:
        own = (name for name in self.variables or () if name.startswith("CLTK_"))
        paths = {name: name.removeprefix("CLTK_").lower().replace("__", ".") for name in own}
        return {_LISTS.get(path, path): name for name, path in paths.items()}

    def _options(self) -> dict[str, str]:
        places = {}
        for word, following in pairwise([*self.words, ""]):
            option, equals, value = word.partition("=")
            path = option.removeprefix("--").replace("-", "_")
            if option == "--axis":
                axis = (value if equals else following).partition("=")[0]
                path, option = f"ablate.axes.{axis.replace('-', '_')}", f"--axis {axis}"
            if word.startswith("--"):
                places[_LISTS.get(path, path)] = option
        return places


def _lines(path: Path, extended_by: Sequence[Path] = ()) -> dict[str, str]:
    """The place of each key of a file and of those that it extends, by dotted path, in the order of the file."""
    above = [*extended_by, path.resolve()]
    try:
        text = path.read_text(encoding="utf-8-sig")
        below = tomllib.loads(text).get("extends")
    except (OSError, ValueError):
        return {}  # It is standard input, which is read already; or its error says where it is.
    again = isinstance(below, str) and (path.parent / below).resolve() in above
    inherited = _lines(path.parent / below, above) if isinstance(below, str) and not again else {}
    return {**inherited, **{key: f"{path}:{line}" for key, line in _first_lines(text).items()}}


def _first_lines(text: str) -> dict[str, int]:
    """The line on which each key of a TOML text is given first, by dotted path.

    The beginning of a text parses wherever a statement ends: what it has then and had not before is of that statement.
    """
    lines = text.split("\n")
    found: dict[str, int] = {}
    start = None
    for number, line in enumerate(lines, start=1):
        if start is None and line.strip() and not line.lstrip().startswith("#"):
            start = number
        if start is None:
            continue
        try:
            read = underscored(tomllib.loads("\n".join(lines[:number])))
        except ValueError:
            continue
        for key in _paths(read):
            found.setdefault(key, start)
        start = None
    return found


def _paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Every table, list and value, by its dotted path."""
    entries = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in entries:
        yield f"{prefix}{name}"
        yield from _paths(inner, f"{prefix}{name}.")


def _nearest(path: str, places: Mapping[str, str]) -> str:
    """The place of a field, or of the nearest that it is in; empty where none of them was given."""
    short = [path.removeprefix(table) for table in _TABLES if path.startswith(table)]
    # An option or a variable wins over the file, whose own field of the short name is another one.
    own = [*(name for name in short if not _is_line(places.get(name, ""))), path, *short]
    exact = next((places[each] for name in own for each in (f"{name}.name", name) if name and each in places), None)
    if exact is not None or "." not in path:
        return exact or ""
    return _nearest(path.rpartition(".")[0], places)


def _is_line(place: str) -> bool:
    """Whether a place is one of a file, and neither an option nor a variable."""
    return not place.startswith(("--", "CLTK_"))


def _placed(fault: Fault, place: str) -> Fault:
    example, typed = fault.example, fault.example.strip('[]"').replace(", ", ",")
    written = f"{fault.at.rpartition('.')[2] if place else fault.at} = {example}"
    if place.startswith("--"):
        written = f"{place} {typed}"
    elif place.startswith("CLTK_"):
        written = f"{place}={typed}"
    advice = fault.advice or (f"For example: {written}" if example else "")
    return replace(fault, problem=f"{place}: {fault.problem}" if place else fault.problem, advice=advice)
