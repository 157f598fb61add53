"""What there is to say of a component, from its class."""

from __future__ import annotations

from inspect import getdoc
from typing import Any

from cltk.registry import Plugin

__all__ = ["describe"]


def describe(plugin: Plugin, cls: type[Any]) -> dict[str, Any]:
    """Its description, where it comes from, and its fields, from its docstring and the schema of its ``Config``."""
    return {
        "kind": plugin.kind,
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "description": getdoc(cls) or "",
        "fields": _fields(cls.Config.model_json_schema()),
    }


def _fields(schema: dict[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """Every field with its path, type, default, bounds and meaning; nested configurations spelled out."""
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


def _range(field: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    own = [f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field]
    inner = [_range(field["items"])] if isinstance(field.get("items"), dict) else []
    return ", ".join(filter(None, own + inner))
