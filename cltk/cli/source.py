"""What the source of a function says of it, without importing it."""

from __future__ import annotations

import ast
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

__all__ = ["first_line"]


def first_line(target: str) -> str:
    """The first line of a function's docstring, read from its source: nothing is imported.

    Args:
        target: ``module:function``.

    Returns:
        The line; empty where there is no source, no such function, or no docstring.
    """
    module, _, name = target.partition(":")
    try:
        spec = _find(module)
        body = ast.parse(Path(str(spec.origin)).read_text(encoding="utf-8")).body if spec else []
    except (OSError, SyntaxError, ValueError, ImportError):
        return ""
    function = next((node for node in body if isinstance(node, ast.FunctionDef) and node.name == name), None)
    return ((function and ast.get_docstring(function)) or "").partition("\n")[0]


def _find(module: str) -> ModuleSpec | None:
    """Where a module is; unlike ``importlib.util.find_spec``, without importing the packages that it is in."""
    spec: ModuleSpec | None = None
    path: Any = None
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        found = (finder.find_spec(".".join(parts[:count]), path, None) for finder in sys.meta_path)
        spec = next(filter(None, found), None)
        path = spec.submodule_search_locations if spec else []
    return spec
