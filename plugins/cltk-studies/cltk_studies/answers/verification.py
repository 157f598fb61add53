"""From the finished runs of a study to what ships with the components that it verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cltk.interfaces import Published
from cltk.record import Record
from cltk.runs.measuring import load_metrics, measure
from cltk.runs.verified import Runs, Verified, keep_runs, published_by
from cltk_studies.answers.components import components_of_cell
from cltk_studies.answers.sources import load_results
from cltk_studies.questions.study import Cell

__all__ = ["verify_study"]


def verify_study(name: str, store: Path) -> Iterator[tuple[str, Verified, Path]]:
    """Keeps the values of finished runs with the components whose published figures they are of.

    Args:
        name: The study's name.
        store: The folder of the runs.

    Yields:
        The component's name, the figure with what came of it, and the file that it was written to.

    Raises:
        ConfigError: There is no such study, or no such metric.
        StoreError: A package cannot be written.
    """
    for result in load_results(name, store):
        for cell in result.cells:
            for component, cls in components_of_cell(cell.cell).items():
                for figure in published_by(cls):
                    if (figure.study, figure.cell) == (name, cell.name) and cell.finished:
                        runs, path = keep_runs(cls, figure, _runs(figure, cell.cell, cell.finished))
                        yield component, Verified(figure, runs), path


def _runs(figure: Published, cell: Cell, records: Sequence[Record]) -> Runs:
    metrics = load_metrics([figure.metric])
    values = {record.seed: next(iter(measure(record, metrics).values())).value for record in records}
    torch = {f"torch {record.environment['torch']}" for record in records if "torch" in record.environment}
    return Runs(
        config_hash=cell.config_hash,
        made_with=tuple(sorted({*cell.plugins.values(), *torch})),
        values={seed: value for seed, value in sorted(values.items()) if value is not None},
    )
