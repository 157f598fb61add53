"""Studies: many runs under one question, spread over processes and machines, that survive being killed.

>>> import cltk_studies
>>> ending = cltk_studies.ablate("study.toml", workers=4)
>>> ending.result.to_dict()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cltk_studies.answers.results import CellResult, StudyResult
    from cltk_studies.api import ablate, plan_ablation, plan_tuning, tune
    from cltk_studies.keywords import AblationKeywords, SiteKeywords, TuningKeywords
    from cltk_studies.questions.plan import Plan, PlannedCell
    from cltk_studies.reports.report import Report
    from cltk_studies.reports.report import load_report as report
    from cltk_studies.work.ending import ChosenTrial, Ending
    from cltk_studies.work.limits import Limits

__all__ = [
    "AblationKeywords",
    "CellResult",
    "ChosenTrial",
    "Ending",
    "Limits",
    "Plan",
    "PlannedCell",
    "Report",
    "SiteKeywords",
    "StudyResult",
    "TuningKeywords",
    "ablate",
    "plan_ablation",
    "plan_tuning",
    "report",
    "tune",
]

_HOMES = {
    "AblationKeywords": "keywords:AblationKeywords",
    "CellResult": "answers.results:CellResult",
    "ChosenTrial": "work.ending:ChosenTrial",
    "Ending": "work.ending:Ending",
    "Limits": "work.limits:Limits",
    "Plan": "questions.plan:Plan",
    "PlannedCell": "questions.plan:PlannedCell",
    "Report": "reports.report:Report",
    "SiteKeywords": "keywords:SiteKeywords",
    "StudyResult": "answers.results:StudyResult",
    "TuningKeywords": "keywords:TuningKeywords",
    "ablate": "api:ablate",
    "plan_ablation": "api:plan_ablation",
    "plan_tuning": "api:plan_tuning",
    "report": "reports.report:load_report",
    "tune": "api:tune",
}
"""Where each name comes from."""


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that ``import cltk_studies`` is fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cltk_studies' has no attribute '{name}'")
    from pkgutil import resolve_name

    return resolve_name(f"cltk_studies.{_HOMES[name]}")


def __dir__() -> list[str]:
    """What is public, whether it is imported already or not."""
    return sorted(__all__)
