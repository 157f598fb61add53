"""``cltk schema``: the JSON Schema of experiment files, for editors that complete and check TOML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.console import noise_to_stderr, print_json

__all__ = ["schema"]

FILE = "cltk.schema.json"
_DIRECTIVE = f"#:schema ./{FILE}\n"


def schema(
    files: Annotated[
        list[Path] | None, typer.Argument(help="With --write: TOML files to name it in, and to write it beside.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help=f"Write it as {FILE}, in the current folder unless files are named.")
    ] = False,
) -> None:
    """Print the JSON Schema of experiment and study files, with every installed component that can be loaded.

    Editors complete and check a file whose first line names it: cltk schema --write my-study.toml
    """
    from cltk.cli.file_schema import file_schema
    from cltk.errors import ConfigError

    if files and not write:
        raise ConfigError(
            "Files were named, but nothing is to be written.", f"Type: cltk schema --write {' '.join(map(str, files))}"
        )
    with noise_to_stderr():
        whole = file_schema()
    if write:
        _write(files or [], whole)
    else:
        print_json(whole)


def _write(files: Sequence[Path], whole: dict[str, Any]) -> None:
    """Writes the schema where editors look for it, and into each file the line that says so, once.

    Raises:
        StoreError: A file cannot be read or written.
    """
    from cltk.cli.console import show_notice
    from cltk.errors import StoreError

    try:
        for folder in dict.fromkeys(file.parent for file in files) or (Path(),):
            (folder / FILE).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
        for file in files:
            text = file.read_text(encoding="utf-8") if file.exists() else ""
            if not text.startswith("#:schema "):
                file.write_text(_DIRECTIVE + text, encoding="utf-8")
            show_notice(f"'{file}' is completed and checked by '{file.with_name(FILE)}' in editors with TOML support.")
    except OSError as error:
        raise StoreError(f"Cannot write '{error.filename}': {error.strerror}", "Name another file.") from error
    if not files:
        show_notice(f"'{FILE}' is written. To name it in a file, for editors: cltk schema --write my-study.toml")
