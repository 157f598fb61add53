"""``cltk schema``: the JSON Schema of experiment files, for editors that complete and check TOML."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Any

import typer

from cltk.cli.console import noise_to_stderr, print_json
from cltk.kinds import SLOTS

__all__ = ["schema"]


FILE = "cltk.schema.json"
_DIRECTIVE = f"#:schema ./{FILE}\n"


def schema(
    write: Annotated[
        list[Path] | None,
        typer.Option(help=f"Write it beside this TOML file as {FILE}, and name it in its first line; repeat it."),
    ] = None,
) -> None:
    """Print the JSON Schema of experiment and study files, with every installed component that can be loaded.

    Editors complete and check a file whose first line names it: cltk schema --write my-study.toml
    """
    with noise_to_stderr():
        whole = _schema()
    if not write:
        print_json(whole)
        return
    for path in write:
        _attach(path, whole)


def _attach(path: Path, whole: dict[str, Any]) -> None:
    """Writes the schema where the editor looks for it, and the line that says so, once.

    Raises:
        StoreError: A file cannot be read or written.
    """
    from cltk.cli.console import show_notice
    from cltk.errors import StoreError

    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        path.with_name(FILE).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
        if not text.startswith("#:schema "):
            path.write_text(_DIRECTIVE + text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"Cannot write '{error.filename}': {error.strerror}", "Name another file.") from error
    show_notice(f"'{path}' is completed and checked by '{path.with_name(FILE)}' in editors with TOML support.")


def _schema() -> dict[str, Any]:
    from cltk.experiment import Experiment

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
    whole["properties"]["extends"] = {"type": "string", "description": "another file, which this one lies above"}
    whole["properties"] |= _tables(definitions)
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **whole, "title": "A cltk experiment or study"}


def _tables(definitions: dict[str, Any]) -> dict[str, Any]:
    """The tables that commands of plugins read: of each that has an attribute ``table``, the model of it."""
    from cltk.errors import PluginError
    from cltk.registry import installed, load

    tables = {}
    for plugin in installed("command"):
        try:
            model = getattr(load(plugin), "table", None)
        except PluginError:
            continue  # It is said when the command is called.
        if model is not None:
            tables[plugin.name] = _nested(resolve_name(model).model_json_schema, f"{plugin.name}.", definitions)
    return tables


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
        prefix = f"{kind}.{name}."
        own = _nested(config.model_json_schema, prefix, definitions)
        own["properties"] = {"name": {"const": name}} | own.get("properties", {})
        tables.append(own | {"title": f"{kind} {name}"})
        names.append(name)
    return [{"enum": names}, *tables]


def _nested(make: Callable[..., dict[str, Any]], prefix: str, definitions: dict[str, Any]) -> dict[str, Any]:
    """A schema whose nested tables go to ``definitions``, under names of its own: two may call theirs the same."""
    own = make(ref_template=f"#/$defs/{prefix}{{model}}")
    definitions |= {f"{prefix}{model}": nested for model, nested in own.pop("$defs", {}).items()}
    return own
