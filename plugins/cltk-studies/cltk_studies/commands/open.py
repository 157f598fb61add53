"""``cltk open``: a report, or the interface over all runs, in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cltk.cli.options import RUNS, Store
from cltk_studies.commands.complete import studies_or_runs

if TYPE_CHECKING:
    from cltk_studies.reports.report import Report

__all__ = ["open_page"]

_INTERFACE = "ui"
"""The command that shows all runs, of whichever distribution has it."""


def open_page(
    name: Annotated[
        str | None,
        typer.Argument(
            help="A study, or an experiment by the id of a run or the beginning of it; by default, all runs.",
            autocompletion=studies_or_runs,
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is a desktop.")] = True,
    store: Store = RUNS,
) -> None:
    """Show the report of a study or of an experiment in the browser; without a name, the UI over all runs.

    Of an experiment, the report is over all its seeds. The page is kept in 'reports' in --store. Where there is
    no desktop, its path is printed and nothing else happens.
    """
    from cltk.cli.browser import open_in_browser
    from cltk.files import write_atomically
    from cltk.registry import find, load

    if name is None:
        load(find("command", _INTERFACE))(store=store, browser=browser)
        return
    report = _report(name, store)
    page = (store / "reports" / f"{report.result.study.name}.html").absolute()
    write_atomically(page, report.to_html().encode())
    print(page)
    if browser:
        open_in_browser(page.as_uri())


def _report(name: str, store: Path) -> Report:
    """The report of the study of this name or, where there is none, of the experiment of that run.

    Raises:
        ConfigError: There is neither, or runs of several experiments begin so.
    """
    from cltk.errors import ConfigError, Fault, closest
    from cltk.runs.reading import find_records, finished_runs, read_records, without_seed
    from cltk_studies.answers.of_runs import compare_runs
    from cltk_studies.questions.study import study_path
    from cltk_studies.reports.report import Report, load_report

    if study_path(store, name).exists():
        return load_report(name, store)
    try:
        records = find_records(store, [name])
    except ConfigError as error:
        studies = [path.parent.name for path in store.glob("studies/*/study.json")]
        no_study = Fault(f"There is no study '{name}' in '{store}'.", closest(name, studies))
        raise ConfigError.of([no_study, *error.faults]) from error
    runs = finished_runs(read_records(store)[0], records[0].config_hash) or records
    return Report(compare_runs(runs, name=without_seed(records[0].run_id)), store=store)
