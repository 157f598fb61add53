"""``cltk schema``: the JSON Schema of experiment files, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from cltk.cli.console import print_json
from cltk.kinds import SLOTS

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON Schema of an experiment file, with every installed component that can be loaded."""
    from cltk.config import Experiment

    whole = Experiment.model_json_schema()
    definitions = whole.setdefault("$defs", {})
    for slot in SLOTS:
        whole["properties"][slot] = {
            "description": Experiment.model_fields[slot].description,
            "anyOf": _choices(slot, definitions),
        }
    whole["properties"]["metrics"] = {"type": "array", "items": {"anyOf": _choices("metric", definitions)}}
    whole["properties"]["seeds"] = {
        "type": ["integer", "string", "array"],
        "description": "such as 0, [0, 1] or '0..4'",
    }
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **whole, "title": "A cltk experiment"})


def _choices(kind: str, definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """A component by name, or as a table of its name and fields; the names of those that are broken are left out."""
    from cltk.cli.console import show_notice
    from cltk.errors import PluginError
    from cltk.registry import installed, load, shortest_name

    names, tables = [], []
    for plugin in installed(kind):
        try:
            config = load(plugin).Config
        except PluginError as error:
            show_notice(error.problem)
            continue
        name = shortest_name(plugin)
        prefix = f"{kind}.{name}."  # Nested tables of two components may have the same name.
        own = config.model_json_schema(ref_template=f"#/$defs/{prefix}{{model}}")
        definitions |= {f"{prefix}{model}": nested for model, nested in own.pop("$defs", {}).items()}
        own["properties"] = {"name": {"const": name}} | own.get("properties", {})
        tables.append(own | {"title": f"{kind} {name}"})
        names.append(name)
    return [{"enum": names}, *tables]
