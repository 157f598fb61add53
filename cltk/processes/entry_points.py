"""Keeping one malformed distribution from breaking everything."""

from __future__ import annotations

from importlib.metadata import Distribution, EntryPoints

__all__ = ["tolerate_malformed"]


def tolerate_malformed() -> None:
    """Makes entry points that do not parse count as none, in this process.

    Pydantic, PyTorch, Triton and MLflow look for plugins of their own among all installed distributions and fail at
    import where one is malformed, and with them every command would fail. ``cltk plugins list`` still names it.
    """
    parse = Distribution.entry_points.fget  # type: ignore[attr-defined]

    def tolerant(distribution: Distribution) -> EntryPoints:
        try:
            entry_points: EntryPoints = parse(distribution)
        except Exception:
            return EntryPoints()
        return entry_points

    Distribution.entry_points = property(tolerant)  # type: ignore[method-assign, assignment]
