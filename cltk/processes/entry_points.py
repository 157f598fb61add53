"""Keeping one malformed distribution from breaking everything."""

from __future__ import annotations

import importlib.metadata
from contextlib import suppress
from types import ModuleType
from typing import Any

__all__ = ["tolerate_malformed"]


def tolerate_malformed(backport: bool = False) -> None:
    """Makes entry points that do not parse count as none, in this process.

    Pydantic, PyTorch, Triton and MLflow look for plugins of their own among all installed distributions and fail at
    import where one is malformed, and with them every command would fail. ``cltk plugins list`` still names it.

    Args:
        backport: Whether also for ``importlib_metadata``, which MLflow imports; the import takes a moment.
    """
    _tolerate(importlib.metadata)
    if backport:
        with suppress(ImportError):
            _tolerate(importlib.import_module("importlib_metadata"))


def _tolerate(metadata: ModuleType) -> None:
    parse = metadata.Distribution.entry_points.fget

    def tolerant(distribution: Any) -> Any:
        try:
            return parse(distribution)
        except Exception:
            return metadata.EntryPoints()

    metadata.Distribution.entry_points = property(tolerant)
