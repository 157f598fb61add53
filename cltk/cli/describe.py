"""What there is to say of a plugin, from its class or function."""

from __future__ import annotations

from inspect import getdoc
from typing import Any

from cltk.interfaces import Component, Dimension, OneOf, ScenarioInfo
from cltk.kinds import KINDS
from cltk.registry import Plugin, shortest_name
from cltk.runs.verified import verified

__all__ = ["EXAMPLE", "describe"]

EXAMPLE = ScenarioInfo((1, 28, 28), 10, (12_000,) * 5, tuple((task, task + 1) for task in range(0, 10, 2)), "class")
"""The scenario that search spaces are shown for: five tasks of 12,000 images of two classes."""


def describe(plugin: Plugin, loaded: Any) -> dict[str, Any]:
    """Its description, how to use it, and of a component its source, fields, search space and verified figures.

    They are read from its docstring, its ``Config``, ``search_space`` and what ships with its package. A command has
    none of the last three.
    """
    description, source = _split_source(getdoc(loaded) or "")
    kind, name = KINDS[plugin.kind], shortest_name(plugin)
    is_component = isinstance(loaded, type) and issubclass(loaded, Component)
    space = loaded.search_space(EXAMPLE) if is_component else {}
    return plugin.row | {
        "description": description,
        "source": source,
        "verified": [{**figure.to_dict(), "text": str(figure)} for figure in verified(loaded)]
        if is_component
        else None,
        "usage": kind.usage(name),
        "option": kind.option(name),
        "fields": _fields(loaded.Config.model_json_schema()) if is_component else [],
        "search_space": {field: _where(dimension) for field, dimension in space.items()},
    }


def _split_source(docstring: str) -> tuple[str, str]:
    """A docstring without its paragraph ``Source:``, and what that says."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in docstring.split("\n\n")]
    sources = [paragraph for paragraph in paragraphs if paragraph.startswith("Source:")]
    rest = [paragraph for paragraph in paragraphs if paragraph not in sources]
    return "\n\n".join(rest), " ".join(source.removeprefix("Source:").strip() for source in sources)


def _where(dimension: Dimension) -> str:
    """Where a search looks, in words."""
    if isinstance(dimension, OneOf):
        return f"one of {', '.join(map(str, dimension.options))}"
    return f"{dimension.low:g} to {dimension.high:g}{', logarithmic' if dimension.log else ''}"


def _fields(schema: dict[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """Every field with its path, type, values, default, bounds and meaning; nested configurations spelled out."""
    definitions = schema.get("$defs", {})
    fields = []
    for name, field in schema.get("properties", {}).items():
        nested = definitions.get(field.get("$ref", "").rpartition("/")[2])
        if nested:
            overrides = field.get("default", {})
            inner = _fields({**nested, "$defs": definitions}, f"{prefix}{name}.")
            fields += [
                {**row, "default": overrides.get(row["name"].rpartition(".")[2], row["default"])} for row in inner
            ]
            continue
        fields.append(
            {
                "name": prefix + name,
                "type": _type(field),
                "values": _values(field),
                "default": field.get("default"),
                "range": _range(field),
                "description": field.get("description", ""),
            }
        )
    return fields


def _type(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if "anyOf" in field:
        return " | ".join(_type(option) for option in field["anyOf"])
    name = str(field.get("type", "any"))
    return f"list of {_type(field['items'])}" if name == "array" and "items" in field else name


def _values(field: dict[str, Any]) -> list[Any]:
    """All valid values, where they can be listed; of those of several types, the ones that can."""
    if "anyOf" in field:
        return [value for option in field["anyOf"] for value in _values(option)]
    return list(field.get("enum", {"boolean": [True, False], "null": [None]}.get(field.get("type", ""), [])))


def _range(field: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    own = [f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field]
    parts = [*field.get("anyOf", ()), *([field["items"]] if isinstance(field.get("items"), dict) else [])]
    return ", ".join(dict.fromkeys(filter(None, [*own, *map(_range, parts)])))
