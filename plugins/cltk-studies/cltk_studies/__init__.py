"""Studies: many runs under one question, spread over processes and machines, that survive being killed.

>>> import cltk_studies
>>> ending = cltk_studies.ablate("study.toml", workers=4)
>>> ending.result.to_dict()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cltk_studies.api import ablate, tune
    from cltk_studies.reports.report import load_report as report

__all__ = ["ablate", "report", "tune"]

_HOMES = {
    "ablate": "cltk_studies.api:ablate",
    "report": "cltk_studies.reports.report:load_report",
    "tune": "cltk_studies.api:tune",
}


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that ``import cltk_studies`` is fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cltk_studies' has no attribute '{name}'")
    from pkgutil import resolve_name

    return resolve_name(_HOMES[name])


def __dir__() -> list[str]:
    """What is public, whether it is imported already or not."""
    return sorted(__all__)
