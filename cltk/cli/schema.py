"""``cltk schema``: the JSON Schema of experiment files, for editors that complete and check TOML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.console import noise_to_stderr, print_json

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
    from cltk.cli.file_schema import file_schema

    with noise_to_stderr():
        whole = file_schema()
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
