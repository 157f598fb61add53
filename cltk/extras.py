"""What the extras of the core's distribution bring, which people know and may miss."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cltk.errors import Fault

__all__ = ["bringer", "explain_missing"]

_EXTRAS: Mapping[str, Mapping[str, Collection[str]]] = {
    "mlflow": {"command": ("sync", "ui"), "sink": ("mlflow",)},
    "studies": {
        "command": (
            *("ablate", "open", "report", "status", "stop", "tune", "verify", "worker"),
            *("runs.compare", "runs.export"),
        ),
    },
}
"""Names of plugins by kind, for each extra; an extra ``x`` is the distribution ``cltk-x``."""


def bringer(kind: str, name: str) -> str | None:
    """The distribution that brings a plugin of an extra; None for any other plugin."""
    extra = _extra(kind, name)
    return extra and f"cltk-{extra}"


def explain_missing(kind: str, name: str) -> Fault | None:
    """What to install for a plugin of an extra that is not there; None for any other plugin."""
    extra = _extra(kind, name)
    if extra is None:
        return None
    shown = f"cltk {name.replace('.', ' ')}" if kind == "command" else name
    return Fault(
        f"The {kind} '{shown}' comes with cltk-{extra}, which is not installed.",
        f"Install it: pip install 'cltk-core[{extra}]'",
    )


def _extra(kind: str, name: str) -> str | None:
    return next((extra for extra, brought in _EXTRAS.items() if name in brought.get(kind, ())), None)
