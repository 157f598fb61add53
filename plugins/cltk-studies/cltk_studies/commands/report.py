"""``cltk report``: what a study says, from its records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cltk.cli.options import RUNS, Json, Store, TrackingUri

if TYPE_CHECKING:
    from cltk_studies.answers.results import StudyResult

__all__ = ["report"]


def report(
    study: Annotated[str, typer.Argument(help="Name of the study.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print one page that needs nothing beside it.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file instead.")] = None,
    store: Store = RUNS,
    tracking_uri: TrackingUri = None,
    json: Json = False,
) -> None:
    """Report a study: tables in the terminal, Markdown, an HTML page with figures, or JSON.

    It reads the records in --store and, where a tracking server is named, those that other machines sent there.
    """
    from cltk.errors import ConfigError
    from cltk_studies.answers.sources import results_of
    from cltk_studies.commands.study import print_tables
    from cltk_studies.reports.report import as_html, as_markdown

    if markdown + html + json > 1:
        raise ConfigError("More than one form of report was asked for.", "Give one of --markdown, --html and --json.")
    results = results_of(study, store, tracking_uri)
    if json:
        text = _as_json(results)
    elif html:
        text = as_html(results)
    elif markdown or output is not None:
        text = as_markdown(results)
    else:
        print_tables(results)
        return
    _write(text, output)


def _as_json(results: list[StudyResult]) -> str:
    import json

    first, *others = (result.to_dict() for result in results)
    return json.dumps({**first, "test": others[0]} if others else first, indent=2, allow_nan=False) + "\n"


def _write(text: str, output: Path | None) -> None:
    from cltk.errors import StoreError

    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"Cannot write '{output}': {error.strerror or error}", "Name another file.") from error
