"""Writing a new plugin package, complete and working, for its author to change."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from cltk.errors import ConfigError, StoreError, closest
from cltk.kinds import KINDS

__all__ = ["scaffold"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def scaffold(kind: str, name: str, parent: Path) -> Path:
    """Writes the package of a component into the new folder ``parent / name``.

    Args:
        kind: A kind of component.
        name: Its name, kebab-case.
        parent: Where the folder goes.

    Returns:
        The folder.

    Raises:
        ConfigError: The kind is unknown, or the name is not one that a package can have.
        StoreError: The folder is there already, or cannot be written.
    """
    if kind not in KINDS:
        raise ConfigError(f"There is no kind '{kind}'.", closest(kind, KINDS))
    if not _NAME.fullmatch(name) or keyword.iskeyword(name.replace("-", "_")):
        raise ConfigError(f"'{name}' is no name for a component.", "Use lower case, digits and dashes: my-generator.")
    folder = parent / name
    try:
        folder.mkdir(parents=True)
        for path, text in _package(kind, name).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise StoreError(f"'{folder}' is there already.", "Choose another name, or remove that folder.") from error
    except OSError as error:
        raise StoreError(
            f"Cannot write '{folder}': {error.strerror}", "Choose another folder with --folder."
        ) from error
    return folder


def _package(kind: str, name: str) -> dict[str, str]:
    """The files of the package, by path."""
    from cltk import __version__

    module = name.replace("-", "_")
    words = {
        "kind": kind,
        "name": name,
        "distribution": f"cltk-{name}",
        "package": f"cltk_{module}",
        "module": module,
        "cls": "".join(word.capitalize() for word in name.split("-")),
        "group": KINDS[kind].group,
        "core": __version__,
        "next": _next_minor(__version__),
    }
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "readme",
        "LICENSE": "licence",
        f"{words['package']}/{module}.py": kind,
        f"tests/test_{module}.py": "test",
    }
    written = {path: _template(template).substitute(words) for path, template in templates.items()}
    docstring = f'"""The {kind} {name} for cltk."""\n'
    return written | {f"{words['package']}/__init__.py": docstring, f"{words['package']}/py.typed": ""}


def _next_minor(version: str) -> str:
    """The first version that a plugin of today cannot count on."""
    major, minor, *_ = version.split(".")
    return f"{major}.{int(minor) + 1}"


def _template(name: str) -> Template:
    return Template(files("cltk.cli").joinpath("templates", f"{name}.txt").read_text(encoding="utf-8"))
