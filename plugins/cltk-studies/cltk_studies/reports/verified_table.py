"""Which published figures the components of a study reproduce."""

from __future__ import annotations

from cltk.runs.summary import Estimate
from cltk.runs.verified import verified
from cltk_figures.tables import Table
from cltk_studies.answers.components import components_of_study
from cltk_studies.answers.results import StudyResult

__all__ = ["verified_table"]


def verified_table(result: StudyResult) -> Table:
    """A line for each figure, from the runs that ship with each component's package, and one for all that have none."""
    figures = {name: verified(cls) for name, cls in components_of_study(result.study).items()}
    rows = tuple(
        (name, figure.published.what, _format(figure.ours), f"{figure.published.value:.4f}", figure.published.source)
        for name, own in figures.items()
        for figure in own
    )
    if others := ", ".join(name for name, own in figures.items() if not own):
        rows = (*rows, (others, "no published figure", "", "", ""))
    columns = ("component", "figure", "here", "published", "in")
    return Table("Verified components", columns, rows, "From the runs that ship with the components' packages.")


def _format(ours: Estimate) -> str:
    spread = "" if ours.ci95 is None else f" ± {ours.ci95:.4f}"
    return f"{ours.mean:.4f}{spread} ({ours.n})"
