"""Experiments as TOML: reading, layering, overriding and checking them.

Four layers make an experiment, the later ones winning: defaults, file, ``CLTK_*`` variables, command line.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from cltk.errors import ConfigError, closest
from cltk.kinds import KINDS, SLOTS
from cltk.mappings import deep_merge, replaced, underscored

__all__ = [
    "Experiment",
    "Name",
    "Overrides",
    "Seeds",
    "Settings",
    "Sizes",
    "Slot",
    "check",
    "combine",
    "config_hash",
    "environment_overrides",
    "overlay",
    "override_at",
    "parse_value",
    "qualified_names",
    "read_toml",
]

_MOST_SEEDS = 10_000

NULL = "null"
"""How nothing is written where a value is expected, which TOML has no word for."""

_MESSAGES = {"string_pattern_mismatch": "letters, digits, '.', '_' and '-' make a name, at most 64 of them"}
"""Sentences for what Pydantic says in its own terms."""

Overrides = dict[str, Any]
"""Settings as a file nests them; a part of an experiment."""

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """The root of all configurations: frozen, and unknown fields are refused.

    Where only some fields of a group within it are given, the others are those of the group's default here, which may
    differ from those of the group's class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _complete_groups(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        defaults = {name: field.default for name, field in cls.model_fields.items()}
        return {name: _completed(defaults.get(name), given) for name, given in values.items()}


def _completed(default: Any, given: Any) -> Any:
    """A group of settings, with what is not given taken from its default."""
    if not isinstance(default, Settings) or not isinstance(given, Mapping):
        return given
    return deep_merge(default.model_dump(), dict(given))


class Slot(BaseModel):
    """A component by name, with the settings that differ from its defaults."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings given."""
        return dict(self.model_extra or {})


def _as_slot(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _as_seeds(value: object) -> object:
    """Reads ``3``, ``"0..4"`` and ``"0,2,5"`` as lists of seeds."""
    if isinstance(value, str):
        if match := re.fullmatch(r"\s*(\d+)\s*\.\.\s*(\d+)\s*", value):
            first, last = int(match[1]), int(match[2])
            if not first <= last < first + _MOST_SEEDS:
                raise ValueError(f"a range goes upwards, over at most {_MOST_SEEDS:,} seeds, such as '0..4'")
            return tuple(range(first, last + 1))
        parts = [part.strip() for part in value.split(",")]
        if not all(re.fullmatch(r"\d+", part) for part in parts):
            raise ValueError("seeds are whole numbers, such as 0, 0..4 or 1,5")
        return tuple(parts)
    return _as_list(value)


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


def _distinct(values: tuple[int, ...]) -> tuple[int, ...]:
    if not values:
        raise ValueError("there is no seed")
    if len(set(values)) < len(values):
        raise ValueError("the same seed twice")
    return values


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="what results are filed under")]
"""The type of a field for what ends up in the names of folders."""

Seeds = Annotated[
    tuple[Annotated[int, Field(ge=0, lt=2**63)], ...],
    Field(description="one run each: 0, [0, 1] or '0..4'"),
    BeforeValidator(_as_seeds),
    AfterValidator(_distinct),
]
"""The type of a field for the seeds of runs."""

Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
SlotField = Annotated[Slot, BeforeValidator(_as_slot)]
Sizes = Annotated[tuple[Annotated[int, Field(gt=0)], ...], BeforeValidator(_as_list)]
"""The type of a field for layer sizes: positive whole numbers, one of them or a list."""


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


def read_toml(path: Path, extended_by: Sequence[Path] = ()) -> Overrides:
    """Reads a TOML file, and below it the one that it says it ``extends``, by a path from its own folder.

    Dashes in its keys count as underscores, and ``"null"`` stands for nothing, which TOML cannot say.

    Args:
        path: The file; ``-`` for standard input.
        extended_by: The files that lie above it.

    Raises:
        ConfigError: The file is missing or unreadable, does not parse (with line and column), or extends itself.
    """
    if path.resolve() in extended_by:
        raise ConfigError(f"'{path}' extends itself.", "Leave one 'extends' out.")
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read '{path}': {error}", _advice_on_file(str(path))) from error
    try:
        layer: Overrides = replaced(underscored(tomllib.loads(text)), NULL, None)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"'{path}' is not valid TOML: {error}", "Correct the file there.") from error
    below = layer.pop("extends", None)
    if below is None:
        return layer
    if not isinstance(below, str):
        raise ConfigError(f"'{path}': 'extends' is {below!r}.", 'Name one file: extends = "other.toml".')
    return overlay([read_toml(path.parent / below, [*extended_by, path.resolve()]), layer])


def _advice_on_file(word: str) -> str:
    """What may have been meant by a word that is not the path of a file."""
    if "=" in word:
        field, _, value = word.partition("=")
        return f"Fields are options: --{field} {value}"
    return "Give the path of a TOML file. Components are options: --generator vae."


def parse_value(text: str) -> Any:
    """Reads a value as typed: ``null``, a TOML value, a comma-separated list of them, or a plain word."""
    if text == NULL:
        return None
    for candidate in (text, f"[{text}]" if "," in text else text):
        try:
            return tomllib.loads(f"value = {candidate}")["value"]
        except (tomllib.TOMLDecodeError, KeyError):
            continue
    return [part.strip() for part in text.split(",")] if "," in text else text


def override_at(path: str, value: Any) -> Overrides:
    """A layer that sets one field, such as ``generator.latent-dim``."""
    *parents, leaf = path.replace("-", "_").split(".")
    layer: Overrides = {leaf: value}
    for parent in reversed(parents):
        layer = {parent: layer}
    return layer


def environment_overrides(environment: Mapping[str, str]) -> Overrides:
    """The layer that variables such as ``CLTK_GENERATOR`` and ``CLTK_GENERATOR__LATENT_DIM`` make.

    An empty variable counts as unset; those that name no slot and have no ``__`` are options' own.

    Raises:
        ConfigError: A variable sets a field of something that is not a kind of plugin.
    """
    settings = []
    for name, text in sorted(environment.items()):
        head, *rest = name.removeprefix("CLTK_").lower().split("__")
        if not name.startswith("CLTK_") or not text:
            continue
        if not rest and head not in KINDS and (near := difflib.get_close_matches(head, SLOTS, n=1, cutoff=0.8)):
            raise ConfigError(f"There is no variable {name}.", f"Did you mean CLTK_{near[0].upper()}?")
        if head in SLOTS or (rest and head in KINDS):
            settings.append(override_at(".".join([head, *rest]), parse_value(text) if rest else text))
        elif rest:
            problem = f"The variable {name} sets a field of '{head}', which is not a kind of plugin."
            raise ConfigError(problem, closest(head, KINDS))
    return combine(settings)


def combine(settings: Iterable[Overrides]) -> Overrides:
    """Makes one layer of settings in any order; where two set the same field, the later one holds."""
    layer: Overrides = {}
    for setting in settings:
        layer = deep_merge(layer, {key: _as_slot(value) if key in SLOTS else value for key, value in setting.items()})
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
    below, above = _as_slot(below), _as_slot(above)
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    if "name" in below and "name" in above and below["name"] != above["name"]:
        return above
    return deep_merge(below, above)


def check(model: type[S], values: Overrides, where: str) -> S:
    """Validates ``values``; ``where`` names them in the error, such as ``generator 'vae'``.

    Raises:
        ConfigError: A field is unknown, missing, of the wrong type, or out of its range.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        lines = [f"{where}: {_problem(problem)}" for problem in problems]
        unknown = next((problem for problem in problems if problem["type"] == "extra_forbidden"), None)
        advice = _advice(model, unknown["loc"]) if unknown else "Correct the value."
        raise ConfigError("\n".join(lines), advice) from error


def _problem(problem: Any) -> str:
    field = ".".join(str(part) for part in problem["loc"]) or "the whole"
    if problem["type"] == "extra_forbidden":
        return f"there is no field '{field}'."
    came = repr(problem["input"])
    came = came if len(came) <= 80 else f"{came[:77]}..."
    message = _MESSAGES.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    return f"field '{field}' is {came}: {message[0].lower()}{message[1:]}."


def _advice(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """Names the fields of the (nested) model in which an unknown one was met."""
    *parents, field = (str(part) for part in location)
    for parent in parents:
        inner = model.model_fields[parent].annotation if parent in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return "Remove it."
        model = inner
    return closest(field, model.model_fields)


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
    name = settings["name"] if provider is None else f"{provider.split()[0]}:{settings['name']}"
    return {**settings, "name": name}
