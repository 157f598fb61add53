"""What Pydantic finds wrong with settings, in words: what came, what was expected, and what to write instead."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from cltk.errors import Fault, closest

__all__ = ["fault_of", "reason_of"]

_WHOLE, _NUMBER, _SWITCH, _TABLE, _LIST = "a whole number", "a number", "true or false", "a table", "a list"
_EXPECTED = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _SWITCH),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), _TABLE),
    **dict.fromkeys(("list_type", "tuple_type"), _LIST),
    "string_type": "text, in quotes",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "string_pattern_mismatch": "a name of letters, digits, '.', '_' and '-', at most 64 of them",
}
"""What was expected, by what Pydantic calls the fault, with what it says of the bounds."""


def fault_of(problem: Mapping[str, Any], model: type[BaseModel], where: str) -> Fault:
    """The fault that Pydantic describes.

    Args:
        problem: One of ``ValidationError.errors()``.
        model: What was validated.
        where: What the settings are called, such as ``generator 'vae'``.
    """
    kind, location = problem["type"], [str(part) for part in problem["loc"]]
    field = ".".join(location)
    if kind == "extra_forbidden":
        group = _group(model, location)
        advice = closest(location[-1], group.model_fields) if group else "Remove it."
        return Fault(f"{where}: there is no field '{field}'.", advice, field)
    if kind == "missing":
        return Fault(f"{where}: the field '{field}' is missing.", "", field)
    if not location:  # Of several fields together.
        return Fault(f"{where}{reason_of(problem)}.")
    return Fault(
        f"{where}: field '{field}' is {_shortened(problem['input'])}{reason_of(problem)}.",
        _suggestion(problem),
        field,
        "" if kind == "value_error" else _example(model, location),
    )


def reason_of(problem: Mapping[str, Any]) -> str:
    """What was expected of a value, as the end of a sentence that says what came."""
    if expected := _EXPECTED.get(problem["type"]):
        bounds = {name: _plain(value) for name, value in problem.get("ctx", {}).items()}
        return f", expected {expected.format_map(bounds)}"
    message = problem["msg"].removeprefix("Value error, ")
    return f": {message[0].lower()}{message[1:]}"


def _plain(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value


def _suggestion(problem: Mapping[str, Any]) -> str:
    """The valid word that is nearest to what came, where but some words are valid."""
    words = re.findall(r"'([^']*)'", problem.get("ctx", {}).get("expected", ""))
    near = difflib.get_close_matches(str(problem["input"]), words, n=1)
    return f"Did you mean '{near[0]}'?" if near else ""


def _example(model: type[BaseModel], location: Sequence[str]) -> str:
    """The default of a field as TOML, which has no word for none."""
    group = _group(model, location)
    field = group.model_fields.get(location[-1]) if group else None
    default = field.get_default() if field else None
    if isinstance(default, tuple):
        default = list(default)
    return json.dumps(default) if isinstance(default, str | int | float | list) and default not in ("", []) else ""


def _group(model: type[BaseModel], location: Sequence[str]) -> type[BaseModel] | None:
    """The (nested) model that has the field at a location; None where that is within a value."""
    for parent in location[:-1]:
        inner = model.model_fields[parent].annotation if parent in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return None
        model = inner
    return model


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
