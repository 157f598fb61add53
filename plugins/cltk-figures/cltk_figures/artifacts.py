"""All figures and tables of a run, as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean

from matplotlib.figure import Figure

from cltk.record import Record
from cltk.runs.folder import most_sample_bytes, read_samples
from cltk_figures import run_figures as figures
from cltk_figures.run_tables import cost_table, matrix_table, memory_table
from cltk_figures.samples import replayed_samples
from cltk_figures.style import save
from cltk_figures.tables import Table

__all__ = ["RUN_FILES", "cell_description", "description", "write_figures", "write_mean_matrix", "write_tables"]

RUN_FILES = ("experiment.toml", "record.json", "weights.safetensors")
"""What is kept of a run's folder as it is."""

_MEAN = "mean_accuracy_matrix.png"


def write_figures(record: Record, run: Path, folder: Path) -> None:
    """Draws all that there is data for, as PNG.

    Args:
        record: The run, finished or not.
        run: The run's folder.
        folder: Where the figures go.

    Raises:
        StoreError: The replayed samples in the run's folder are unreadable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in _drawings(record, run):
        save(draw(), folder / f"{name}.png")


def _drawings(record: Record, run: Path) -> Iterator[tuple[str, Callable[[], Figure]]]:
    if len(record.accuracy) > 1:
        yield "accuracy_matrix", lambda: figures.accuracy_matrix(record.accuracy, record.classes)
        yield "accuracy_by_task", lambda: figures.accuracy_by_task(record)
        yield "average_accuracy", lambda: figures.average_accuracy(record)
    if any(value is not None for curve in record.curves.values() for value in curve):
        yield "metrics_by_task", lambda: figures.metrics_by_task(record)
    if any(epoch.loss is not None for epoch in record.losses):
        yield "losses", lambda: figures.losses(record)
    if (path := run / "replay.npz").exists() and (samples := read_samples(path, most_sample_bytes(record))):
        yield "replayed_samples", lambda: replayed_samples(samples)


def write_mean_matrix(records: Sequence[Record], folder: Path) -> None:
    """Draws the mean accuracy matrix of the finished ones among runs; nothing where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    finished = [record for record in records if record.finished]
    if finished:
        title = f"Mean accuracy in % over {len(finished)} seed{'s' if len(finished) > 1 else ''}"
        save(figures.mean_accuracy_matrix(finished, title), folder / _MEAN)


def write_tables(record: Record, folder: Path) -> None:
    """Writes each table as Markdown to read and as JSON to compute with."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in _tables(record).items():
        (folder / f"{name}.md").write_text(table.to_markdown(), encoding="utf-8")
        (folder / f"{name}.json").write_text(json.dumps(table.to_dict(), indent=1) + "\n", encoding="utf-8")


def description(record: Record) -> str:
    """The run in Markdown: what it is for, what went wrong, its accuracy matrix, other tables."""
    trouble = [f"**{record.status}:** {record.error}"] if record.error else []
    trouble += [f"**warning:** {warning}" for warning in record.warnings]
    tables = [table.to_markdown() for table in _tables(record).values()]
    return "\n\n".join(part for part in [record.config.get("description", ""), *trouble, *tables] if part)


def cell_description(records: Sequence[Record]) -> str:
    """Several finished runs of one experiment in Markdown: the mean accuracy matrix, and each run's final accuracy."""
    matrices = [record.accuracy for record in records]
    means = [[fmean(values) for values in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]
    by_seed = sorted(records, key=lambda record: record.seed)
    seeds = ", ".join(f"{record.seed}: {100 * record.final_accuracy:.1f}" for record in by_seed)
    table = matrix_table(means, f"Mean accuracy on each task (%) over {len(records)} seeds")
    return f"{table.to_markdown()}\nFinal average accuracy (%) by seed: {seeds}\n"


def _tables(record: Record) -> dict[str, Table]:
    tables = {"accuracy": matrix_table(record.accuracy), "memory": memory_table(record), "cost": cost_table(record)}
    return {name: table for name, table in tables.items() if table.rows}
