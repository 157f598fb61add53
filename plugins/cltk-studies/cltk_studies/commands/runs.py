"""``cltk runs compare`` and ``cltk runs export``: several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.complete import plugin_names, run_ids, words
from cltk.cli.complete_runs import columns
from cltk.cli.console import noise_to_stderr
from cltk.cli.options import RUNS, Json, Store, Where
from cltk.errors import ConfigError, Faults, closest
from cltk.runs.rows import find_column
from cltk_studies.commands.complete import studies_or_names
from cltk_studies.commands.output import write_text, writing

__all__ = ["compare", "export"]

Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", help="A metric to compute; repeat it.", autocompletion=plugin_names("metric")),
]
StudyOrName = Annotated[
    str | None,
    typer.Option(
        help="The runs of this study, those too that it did not run anew; or else the runs of this name.",
        autocompletion=studies_or_names,
    ),
]


def compare(
    run: Annotated[
        list[str] | None,
        typer.Argument(
            help="Runs by id, or the beginning of it, of all seeds of an experiment too; 'latest' is the last one.",
            autocompletion=run_ids,
        ),
    ] = None,
    name: StudyOrName = None,
    where: Where = None,
    metric: Metrics = None,
    store: Store = RUNS,
    json: Json = False,
) -> None:
    """Compare runs: what differs in their settings, and in their results, paired over all seeds of each.

    The first is what the others are held against; of a study, its baseline.
    """
    from cltk.cli.console import print_json
    from cltk.cli.run_rows import refuse_none_named
    from cltk_figures.tables import Table
    from cltk_studies.commands.choosing import choose_runs
    from cltk_studies.commands.tables import print_table
    from cltk_studies.reports.tables import result_tables

    refuse_none_named(run, where, name)
    result = choose_runs(store, run or (), where or (), name).with_seeds().compare(metric or ())
    if len(result.study.cells) < 2:
        raise ConfigError(
            "There is nothing to compare: the runs are of one experiment.",
            "Name runs of two: 'cltk runs list' tells what differs. One alone: cltk runs show.",
        )
    if json:
        print_json(result.to_dict())
        return
    cells = result.study.cells
    paths = list(dict.fromkeys(path for cell in cells for path in cell.settings))
    rows = tuple((path, *(str(cell.settings.get(path, "-")) for cell in cells)) for path in paths)
    print_table(Table("Settings that differ", ("setting", *(cell.name for cell in cells)), rows))
    for table in result_tables(result):
        print_table(table)


def export(
    run: Annotated[
        list[str] | None,
        typer.Argument(help="Runs by id, or the beginning of it; by default, all.", autocompletion=run_ids),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="csv, parquet or latex; by default, as the file to write ends, or else csv.",
            autocompletion=words("csv", "latex", "parquet"),
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="A metric, cost or setting to write; repeat it. By default, all.", autocompletion=columns),
    ] = None,
    name: StudyOrName = None,
    where: Where = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    store: Store = RUNS,
) -> None:
    """Export runs as a table: CSV or Parquet with a row a run, or LaTeX with a row a configuration.

    In LaTeX the mean over seeds has its 95 % interval, the best is bold, and a star marks what differs from the first
    or, of a study, from its baseline.
    """
    from cltk.cli.run_rows import rows_of
    from cltk_studies.commands.choosing import choose_runs
    from cltk_studies.reports.export import ENDINGS, FORMATS, to_csv, to_latex, write_parquet

    if form is None:
        form = ENDINGS.get(output.suffix if output else "", "csv")
    if form not in FORMATS:
        raise ConfigError(f"There is no format '{form}'.", closest(form, FORMATS))
    chosen = choose_runs(store, run or (), where or (), name)
    if form == "latex":
        with noise_to_stderr():
            text = to_latex(chosen.compare(), column or ())
    else:
        rows = rows_of(chosen.records, store)
        rows = _columns(rows, column) if column else rows
        if form == "parquet":
            if output is None:
                raise ConfigError("Parquet cannot be printed.", "Name a file: --output runs.parquet")
            with writing(output):
                write_parquet(rows, output)
            return
        text = to_csv(rows)
    write_text(text, output)


def _columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    """The rows with these columns alone, and their ids."""
    known = {column: None for row in rows for column in row}
    wanted, faults = {"id": "id"}, Faults()
    for name in names:
        with faults.further():
            wanted[name] = find_column(name, known)
    faults.settle()
    return [{name: row.get(column) for name, column in wanted.items()} for row in rows]
