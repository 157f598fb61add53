"""Writing a new plugin package, complete and working, for its author to change."""

from __future__ import annotations

import builtins
import keyword
import re
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from pathlib import Path
from string import Template

from cltk.errors import ConfigError, StoreError
from cltk.kinds import Kind
from cltk.registry import installed, reserved

__all__ = ["scaffold"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def scaffold(kind: Kind, name: str, parent: Path) -> Path:
    """Writes the package of a plugin into the new folder ``parent / name``.

    Args:
        kind: What kind of plugin it is.
        name: Its name, kebab-case.
        parent: Where the folder goes.

    Returns:
        The folder.

    Raises:
        ConfigError: The name is taken, or is not one that a package can have.
        StoreError: The folder is there already, or cannot be written.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name.replace("-", "_")):
        raise ConfigError(f"A plugin cannot be called '{name}'.", "Use lower case, digits and dashes: my-generator.")
    if taken := _taken(kind, name):
        raise ConfigError(f"The name '{name}' is taken: {taken}.", f"Choose another one, such as my-{name}.")
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


def _taken(kind: Kind, name: str) -> str | None:
    """What has the name already, in words; None where nothing has."""
    if reason := reserved(kind.name, name):
        return reason
    for plugin in installed(kind.name):
        if plugin.name == name:
            return f"{plugin.provider} has a {kind.name} of that name"
    try:
        return f"cltk-{name} {version(f'cltk-{name}')} is installed"
    except PackageNotFoundError:
        return None


def _package(kind: Kind, name: str) -> dict[str, str]:
    """The files of the package, by path."""
    module = name.replace("-", "_")
    package = f"cltk_{module}"
    words = {
        "kind": kind.name,
        "name": name,
        "distribution": f"cltk-{name}",
        "package": package,
        "module": module,
        "object": _function(module) if kind.base is None else "".join(map(str.capitalize, name.split("-"))),
        "group": kind.group,
        "usage": kind.usage(name),
    }
    source = _template(kind.name).substitute(words)
    words["dependencies"] = "\n".join(f'  "{requirement}",' for requirement in _requirements(source))
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "readme",
        "LICENSE": "licence",
        f"tests/test_{module}.py": "test",
    }
    return {path: _template(template).substitute(words) for path, template in templates.items()} | {
        f"{package}/{module}.py": source,
        f"{package}/__init__.py": f'"""The {kind.name} {name} for cltk."""\n',
        f"{package}/py.typed": "",
    }


def _function(module: str) -> str:
    """The name of a command's function, which uses functions of Python."""
    return f"{module}_" if hasattr(builtins, module) else module


def _requirements(source: str) -> list[str]:
    """What a module needs to be installed: the core, and of what that needs what the module itself imports."""
    core = version("cltk-core")
    major, minor, *_ = core.split(".")
    texts = [text for text in requires("cltk-core") or () if ";" not in text]
    names = {text: re.split(r"[^\w-]", text)[0].replace("-", "_") for text in texts}
    used = [text for text, name in names.items() if re.search(rf"^(from|import) {name}\b", source, re.MULTILINE)]
    return [f"cltk-core>={core},<{major}.{int(minor) + 1}", *used]


def _template(name: str) -> Template:
    return Template(files("cltk.cli").joinpath("templates", f"{name}.txt").read_text(encoding="utf-8"))
