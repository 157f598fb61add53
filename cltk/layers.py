"""The layers of an experiment, read and laid over one another: defaults, file, ``CLTK_*`` variables, command line."""

from __future__ import annotations

import difflib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

from cltk.config import Overrides, as_slot
from cltk.errors import ConfigError, Fault, Faults, closest
from cltk.kinds import KINDS, SLOTS
from cltk.mappings import deep_merge, replaced, underscored
from cltk.names import canonical_choice

__all__ = [
    "NULL",
    "STUDY_TABLES",
    "as_typed",
    "combine",
    "environment_overrides",
    "overlay",
    "override_at",
    "parse_value",
    "read_toml",
    "without_studies",
]

NULL = "null"
"""How nothing is written where a value is expected, which TOML has no word for."""


STUDY_TABLES = ("tune", "launcher")
"""What a file may have beside an experiment that a single run leaves as it is."""


def read_toml(path: Path, extended_by: Sequence[Path] = ()) -> Overrides:
    """Reads a TOML file, and below it the one that it says it ``extends``, by a path from its own folder.

    Dashes in its keys count as underscores, and ``"null"`` stands for nothing, which TOML cannot say.

    Args:
        path: The file; ``-`` for standard input.
        extended_by: The files that lie above it.

    Raises:
        ConfigError: The file is missing or unreadable, does not parse (with line and column), gives a key twice, with
            dashes and without, or extends itself.
    """
    if path.resolve() in extended_by:
        raise _not_extended(f"'{path}' extends itself.", "Leave one 'extends' out.")
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        if extended_by:
            above = extended_by[-1].name
            raise _not_extended(f"Cannot read '{path}', which '{above}' extends: {reason}.") from error
        raise ConfigError(f"Cannot read '{path}': {reason}.", _advice_on_file(str(path))) from error
    try:
        layer: Overrides = replaced(underscored(tomllib.loads(text)), NULL, None)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{path}:{line[1]}" if line else f"{path}"
        raise ConfigError(f"{place}: this is not valid TOML: {error}.", "Correct the file there.") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.", "Leave one of them out.") from error
    below = layer.pop("extends", None)
    if below is None:
        return layer
    if not isinstance(below, str):
        raise ConfigError(f"'{path}': 'extends' is {below!r}.", 'Name one file: extends = "other.toml".')
    return overlay([read_toml(path.parent / below, [*extended_by, path.resolve()]), layer])


def _not_extended(problem: str, advice: str = "Name a file by its path from there, or leave it out.") -> ConfigError:
    return ConfigError.of([Fault(problem, advice, "extends")])


def without_studies(layer: Overrides, file: Path | None) -> Overrides:
    """The experiment without what searches alone read, which leaves it as it is.

    Raises:
        ConfigError: It is a study of several experiments.
    """
    if "ablate" in layer:
        raise ConfigError(f"'{file}' is a study of several experiments.", f"Run all of them: cltk ablate {file}")
    return {key: value for key, value in layer.items() if key not in STUDY_TABLES}


def _advice_on_file(word: str) -> str:
    """What may have been meant by a word that is not the path of a file."""
    if "=" in word:
        field, _, value = word.partition("=")
        return f"Fields are options: --{field} {value}"
    return (
        'Give the path of a TOML file. Components are options: --generator vae; in Python, cltk.load(generator="vae").'
    )


def parse_value(text: str) -> Any:
    """Reads a value as typed: ``null``, a TOML value, a comma-separated list of them, or a plain word.

    No setting is a date or a time: what TOML takes for one, such as the time limit 12:00:00, is a word.
    """
    if text == NULL:
        return None
    for candidate in (text, f"[{text}]" if "," in text else text):
        try:
            value = tomllib.loads(f"value = {candidate}")["value"]
        except (tomllib.TOMLDecodeError, KeyError):
            continue
        if not any(isinstance(each, date | time) for each in (value if isinstance(value, list) else [value])):
            return value
    return [part.strip() for part in text.split(",")] if "," in text else text


def as_typed(value: Any) -> str:
    """Writes a value as ``parse_value`` reads it."""
    if isinstance(value, list | tuple):
        is_flat = value and not any(isinstance(entry, list | tuple) for entry in value)
        return ",".join(map(as_typed, value)) if is_flat else json.dumps(value)
    return NULL if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def override_at(path: str, value: Any) -> Overrides:
    """A layer that sets one field, such as ``generator.latent-dim``."""
    *parents, leaf = path.replace("-", "_").split(".")
    layer: Overrides = {leaf: value}
    for parent in reversed(parents):
        layer = {parent: layer}
    return layer


def environment_overrides(environment: Mapping[str, str], faults: Faults) -> Overrides:
    """The layer that variables such as ``CLTK_GENERATOR`` and ``CLTK_GENERATOR__LATENT_DIM`` make.

    An empty variable counts as unset; those that name no slot and have no ``__`` are options' own.

    Args:
        environment: The variables.
        faults: Takes those that set a field of something that is not a kind of plugin, or are misspelt.
    """
    settings = []
    for name, text in sorted(environment.items()):
        head, *rest = name.removeprefix("CLTK_").lower().split("__")
        if not name.startswith("CLTK_") or not text:
            continue
        with faults.further():
            _require_variable(name, head, bool(rest))
        if head in SLOTS or (rest and head in KINDS):
            settings.append(override_at(".".join([head, *rest]), parse_value(text) if rest else text))
    return combine(settings)


def _require_variable(name: str, head: str, sets_field: bool) -> None:
    """Refuses a variable of a field of what is no kind of plugin, and one that is nearly that of a slot."""
    if head in KINDS:
        return
    if sets_field:
        problem = f"The variable {name} sets a field of '{head}', which is not a kind of plugin."
        raise ConfigError(problem, closest(head, KINDS))
    if near := difflib.get_close_matches(head, SLOTS, n=1, cutoff=0.8):
        raise ConfigError(f"There is no variable {name}.", f"Did you mean CLTK_{near[0].upper()}?")


def combine(settings: Iterable[Overrides]) -> Overrides:
    """Makes one layer of settings in any order; where two set the same field, the later one holds."""
    layer: Overrides = {}
    for setting in settings:
        layer = deep_merge(layer, {key: as_slot(value) if key in SLOTS else value for key, value in setting.items()})
    return layer


def overlay(layers: Iterable[Overrides]) -> Overrides:
    """Lays the later layers over the earlier ones.

    Where a layer puts another component into a slot, the settings of the one named below go with it.
    """
    result: Overrides = {}
    for layer in layers:
        for key, value in layer.items():
            result[key] = _merge_slot(result.get(key), value) if key in KINDS else value
    return result


def _merge_slot(below: Any, above: Any) -> Any:
    below, above = as_slot(below), as_slot(above)
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    if "name" in below and "name" in above and not _may_be_same(str(below["name"]), str(above["name"])):
        return above
    return deep_merge(below, above)


def _may_be_same(one: str, other: str) -> bool:
    """Whether two names may be of one component: those alone count where a distribution is named on one side only."""
    if (":" in one) == (":" in other):
        return canonical_choice(one) == canonical_choice(other)
    return one.rpartition(":")[2] == other.rpartition(":")[2]
