"""The JSON Schema of experiment and study files, with all that the commands accept."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from cltk.cli.console import show_notice
from cltk.errors import PluginError
from cltk.experiment import Experiment
from cltk.kinds import KINDS, SLOTS
from cltk.layers import NULL, STUDY_TABLES
from cltk.registry import installed, load, shortest_name

__all__ = ["file_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTHING = {"const": NULL}


def file_schema() -> dict[str, Any]:
    """The schema, with every installed component that can be loaded."""
    whole = _schema_of(Experiment)
    properties, definitions = whole["properties"], whole["$defs"]
    for slot in SLOTS:
        nothing = [] if KINDS[slot].is_compulsory else [_NOTHING]
        properties[slot] = {
            "description": properties[slot]["description"],
            "anyOf": [*_choices(slot, definitions), *nothing],
        }
    properties["metrics"]["anyOf"] = [{"type": "array", "items": {"anyOf": _choices("metric", definitions)}}, _NOTHING]
    properties["extends"] = {"type": "string", "description": "another file, which this one lies above"}
    properties |= {table: {"type": "object"} for table in STUDY_TABLES} | _tables(definitions)
    dashed: dict[str, Any] = _with_dashes({"$schema": _DIALECT, **whole, "title": "A cltk experiment or study"})
    return dashed


class _AsToml(GenerateJsonSchema):
    """The schema of values as TOML has them, which writes nothing as a word."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return {"anyOf": [self.generate_inner(schema["schema"]), _NOTHING]}


def _schema_of(model: type[BaseModel], **options: Any) -> dict[str, Any]:
    return model.model_json_schema(schema_generator=_AsToml, **options)


def _nested(model: type[BaseModel], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema whose nested tables go to ``definitions``, under names of its own: two may call theirs the same."""
    own = _schema_of(model, ref_template=f"#/$defs/{prefix}{{model}}")
    definitions |= {f"{prefix}{model}": nested for model, nested in own.pop("$defs", {}).items()}
    return own


def _tables(definitions: dict[str, Any]) -> dict[str, Any]:
    """The tables that commands of plugins read: of each that has an attribute ``table``, the model of it."""
    tables = {}
    for plugin in installed("command"):
        try:
            model = getattr(load(plugin), "table", None)
        except PluginError:
            continue  # It is said when the command is called.
        if model is not None:
            tables[plugin.name] = _nested(resolve_name(model), f"{plugin.name}.", definitions)
    return tables


def _choices(kind: str, definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """A component by name, or as a table of its name and fields; the names of those that are broken are left out."""
    names, tables = [], []
    for plugin in installed(kind):
        try:
            config = load(plugin).Config
        except PluginError as error:
            show_notice(error.problem)
            continue
        name = shortest_name(plugin)
        own_names = list(dict.fromkeys([name, plugin.qualified]))
        own = _nested(config, f"{kind}.{name}.", definitions)
        own["properties"] = {"name": {"enum": own_names}} | own.get("properties", {})
        tables.append(own | {"title": f"{kind} {name}"})
        names.extend(own_names)
    return [{"enum": names}, *tables]


def _with_dashes(schema: Any) -> Any:
    """The schema with names that may have dashes for their underscores."""
    if isinstance(schema, list):
        return [_with_dashes(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {key: _with_dashes(value) for key, value in schema.items()}
    properties = whole.get("properties", {})
    dashed = {f"^{name.replace('_', '[-_]')}$": properties[name] for name in properties if "_" in name}
    return whole | ({"patternProperties": dashed} if dashed else {})
