"""The trials of a search, and the best among them."""

from __future__ import annotations

from collections.abc import Sequence

from cltk_figures.tables import Table
from cltk_studies.answers.records import accuracy_of
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.answers.statistics import estimate
from cltk_studies.questions.allocation import BASELINES
from cltk_studies.reports.wording import interval

__all__ = ["accuracy", "front", "is_baseline", "replayed", "trials_table"]

_SHOWN = 12


def trials_table(result: StudyResult) -> Table:
    """The best trials and the baselines, by validation accuracy; without a budget, those that no other one beats."""
    cells = [cell for cell in result.cells if cell.finished]
    ranked = sorted(cells, key=lambda cell: -accuracy(cell))
    best = ranked[:_SHOWN] if result.study.kind == "budget" else front(cells)
    shown = [cell for cell in ranked if cell in best or is_baseline(cell)]
    rows = tuple(
        (cell.cell.name, interval(estimate([accuracy_of(r) for r in cell.finished])), replayed(cell), _counts(cell))
        for cell in shown
    )
    seeds = len(result.study.seeds)
    each = f"{seeds} seeds" if seeds > 1 else "one seed"
    note = f"{len(cells)} configurations over {each} each, on validation data. Listed are "
    note += f"the best {_SHOWN}" if result.study.kind == "budget" else "those that no other one beats"
    note += " and the baselines."
    return Table("Trials", ("trial", "validation accuracy ± 95 %", "samples replayed", "counts"), rows, note)


def front(cells: Sequence[CellResult]) -> list[CellResult]:
    """Those that no other one beats in accuracy without replaying more, the cheapest first."""
    best: list[CellResult] = []
    for cell in sorted(cells, key=lambda cell: (replayed(cell), -accuracy(cell))):
        if not best or accuracy(cell) > accuracy(best[-1]):
            best.append(cell)
    return best


def is_baseline(cell: CellResult) -> bool:
    """Whether a trial is one of those that are always tried."""
    return cell.cell.name in BASELINES


def accuracy(cell: CellResult) -> float:
    """Its mean accuracy over the seeds, in [0, 1]."""
    return estimate([accuracy_of(record) for record in cell.finished]).mean


def replayed(cell: CellResult) -> int:
    """Samples that it replays in an epoch of each task, in all."""
    return sum(cell.finished[0].replay.counts)


def _counts(cell: CellResult) -> str:
    return " ".join(f"{count:,}" for count in cell.finished[0].replay.counts)
