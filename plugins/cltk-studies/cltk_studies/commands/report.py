"""``cltk report``: what a study says, from its records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cltk.cli.complete import plugin_names
from cltk.cli.options import RUNS, Json, Store, TrackingUri
from cltk.errors import ConfigError
from cltk_studies.commands.complete import study_names
from cltk_studies.commands.output import write_text, writing

__all__ = ["report"]


def report(
    study: Annotated[str, typer.Argument(help="Name of the study.", autocompletion=study_names)],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="A metric to report beside the study's own; repeat for more.",
            autocompletion=plugin_names("metric"),
        ),
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            "--objective",
            help="The metric to rank cells by; by default, the study's own.",
            autocompletion=plugin_names("metric"),
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Print all metrics and costs.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print one page that needs nothing beside it.")] = False,
    figures: Annotated[
        Path | None, typer.Option(help="Write every figure as SVG and PDF into this folder, and nothing else.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file instead.")] = None,
    store: Store = RUNS,
    tracking_uri: TrackingUri = None,
    json: Json = False,
) -> None:
    """Report a study: tables in the terminal, Markdown, an HTML page with figures, or JSON.

    It reads the records in --store and, where a tracking server is named, those that other machines sent there. Nothing
    is run: metrics are computed from the records, also such as were not installed when the study was made.
    LaTeX for a paper, or CSV: cltk runs export --name STUDY --format latex.
    """
    from json import dumps

    from cltk.cli.console import print_json, show_notice
    from cltk_studies.commands.tables import print_tables
    from cltk_studies.reports.report import load_report

    _require_one_form(markdown, html, json, figures is not None)
    found = load_report(study, store, metrics=metric or (), objectives=objective or (), tracking_uri=tracking_uri)
    for problem in found.problems:
        show_notice(problem)
    if figures is not None:
        with writing(figures):
            paths = found.write_figures(figures)
        for path in paths:
            print(path)
    elif json and output is None:
        print_json(found.to_dict())
    elif json:
        write_text(dumps(found.to_dict(), indent=2, allow_nan=False) + "\n", output)
    elif html:
        write_text(found.to_html(), output)
    elif markdown or output is not None:
        write_text(found.to_markdown(), output)
    else:
        print_tables(found.results, all_metrics=every or bool(metric))


def _require_one_form(*asked: bool) -> None:
    if sum(asked) > 1:
        advice = "Give one of --markdown, --html, --json and --figures."
        raise ConfigError("More than one form of report was asked for.", advice)
