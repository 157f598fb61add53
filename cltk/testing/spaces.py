"""What the search space of every component promises."""

from __future__ import annotations

import math
from typing import Any

from cltk.config import Settings, check
from cltk.errors import ConfigError
from cltk.interfaces import Dimension, FloatRange, IntRange, OneOf, ScenarioInfo
from cltk.testing.defects import require
from cltk.testing.sequences import SHAPES, info_of
from cltk.testing.subject import Subject

__all__ = ["search_space_is_valid"]

KINDS = (IntRange, FloatRange, OneOf)


def search_space_is_valid(subject: Subject) -> None:
    """``search_space`` names fields of ``Config``, as ``field`` or ``list.2``, and all that it offers is accepted."""
    for info in (info_of(), info_of(SHAPES[1], tasks=1), info_of(tasks=10)):
        for name, dimension in subject.cls.search_space(info).items():
            require(isinstance(dimension, KINDS), f"'{name}' is {dimension!r}", "Give IntRange, FloatRange or OneOf.")
            require(_is_sound(dimension), f"'{name}' is {dimension!r}", "Let low <= high, and 0 < low where log is on.")
            for value in _values(dimension):
                _accept(subject, info, name, value)


def _accept(subject: Subject, info: ScenarioInfo, name: str, value: Any) -> None:
    config = subject.config
    known = name.split(".")[0] in type(config).model_fields
    require(known, f"there is no field '{name}'", f"Name one of {', '.join(type(config).model_fields) or 'none'}.")
    values = _with(config.model_dump(mode="json", exclude_none=True), name, value, info.tasks)
    try:
        read = check(type(config), values, "config")
    except ConfigError as error:
        require(False, f"'{name}' = {value!r} is offered, but {error.problem}", "Offer what Config accepts.")
    else:
        missing = _at(read, name) is None
        require(not missing, f"'{name}' = {value!r} is not to be found in the config", "Name a field or an entry.")


def _is_sound(dimension: Dimension) -> bool:
    if isinstance(dimension, OneOf):
        return len(dimension.options) > 0
    whole = not isinstance(dimension, IntRange) or isinstance(dimension.low + dimension.high, int)
    finite = math.isfinite(dimension.low) and math.isfinite(dimension.high)
    return whole and finite and dimension.low <= dimension.high and (dimension.low > 0 or not dimension.log)


def _values(dimension: Dimension) -> tuple[Any, ...]:
    if isinstance(dimension, OneOf):
        return dimension.options
    middle = (dimension.low + dimension.high) / 2
    return dimension.low, int(middle) if isinstance(dimension, IntRange) else middle, dimension.high


def _with(values: dict[str, Any], path: str, value: Any, length: int) -> dict[str, Any]:
    """The values with one of them replaced; a list that is too short for its index is filled up."""
    head, *rest = path.split(".")
    below = values.get(head)
    if not rest:
        return values | {head: value}
    if rest[0].isdigit():
        entries = list(below or ())
        entries += [value] * max(0, max(length, int(rest[0]) + 1) - len(entries))
        entries[int(rest[0])] = value
        return values | {head: entries}
    return values | {head: _with(dict(below or {}), ".".join(rest), value, length)}


def _at(config: Settings, path: str) -> Any:
    found: Any = config
    for part in path.split("."):
        found = found[int(part)] if part.isdigit() and isinstance(found, tuple | list) else getattr(found, part, None)
    return found
