"""What comes of a study on the command line: printed, and turned into an exit status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from cltk.cli.console import print_json, show_notice
from cltk_studies.commands.options import SiteOptions
from cltk_studies.commands.tables import print_table
from cltk_studies.questions.search import Search
from cltk_studies.reports.tables import counts_table, first_tables
from cltk_studies.reports.trials_table import trials_table
from cltk_studies.work.ending import Ending

__all__ = ["conclude_ablation", "conclude_search", "conclude_work"]

_INTERRUPTED = 130


def conclude_ablation(ending: Ending, site: SiteOptions, *, json: bool) -> int:
    """Prints the result on standard output and what went wrong on standard error.

    Args:
        ending: What came of it.
        site: Where it was, for what to type next.
        json: Whether to print JSON.

    Returns:
        The exit status: 0 where all runs finished or workers were left at work, 130 where the user interrupted, else 1.
    """
    result = ending.result
    assert result is not None
    if ending.detached:
        return _leave_at_work(result.study.name, site)
    if json:
        print_json(result.to_dict())
    else:
        for table in first_tables(result):
            print_table(table)
        show_notice(
            f"All metrics and costs: cltk report {result.study.name}{site.at_records} --all; a page with figures: "
            f"cltk open {result.study.name}{site.at_records}"
        )
    _show_failures(ending.errors)
    if ending.interrupted:
        show_notice(
            f"Interrupted with {result.finished} of {result.total} runs done; the same command goes on from here."
        )
    for notice in ending.notices:
        show_notice(notice)
    return _status(ending)


def conclude_search(search: Search, ending: Ending, site: SiteOptions, *, json: bool) -> int:
    """Prints what a search found, and how that did on test data.

    Returns:
        The exit status: 0 where all is finished or workers were left at work, 130 where the user interrupted, else 1.
    """
    if ending.detached:
        return _leave_at_work(search.name, site)
    if json:
        print_json(_as_dict(search, ending))
    else:
        _print_tables(search, ending)
    _show_failures(ending.errors)
    endings = [ending, *([ending.test] if ending.test else [])]
    if ending.chosen is not None:
        file = ending.chosen.file
        why = "the best that replays anything" if search.allocation else "the best"
        show_notice(f"The choice is {ending.chosen.label}, {why}: cltk run {file}. Figures are beside that file.")
    if any(each.interrupted for each in endings):
        show_notice("Interrupted; the same command goes on from here.")
    for notice in dict.fromkeys(notice for each in endings for notice in each.notices):
        show_notice(notice)
    if any(each.interrupted for each in endings):
        return _INTERRUPTED
    return int(ending.test is None or bool(ending.errors) or _status(ending.test) != 0)


def conclude_work(ending: Ending) -> int:
    """Says on standard error what went wrong while working on somebody else's study.

    Returns:
        The exit status: 0 where nothing is left to do, failed or not, as no other worker can mend that; 130 where the
        user interrupted.
    """
    _show_failures(ending.errors)
    for notice in ending.notices:
        show_notice(notice)
    return _INTERRUPTED if ending.interrupted else 0


def _leave_at_work(name: str, site: SiteOptions) -> int:
    at_study = site.at_study
    show_notice(
        f"The workers are at work. 'cltk status {name}{at_study}' follows them, 'cltk stop {name}{at_study}' ends "
        "them, and the same command without --detach waits for them and reports."
    )
    return 0


def _status(ending: Ending) -> int:
    if ending.interrupted:
        return _INTERRUPTED
    return int(ending.result is None or ending.result.finished < ending.result.total)


def _print_tables(search: Search, ending: Ending) -> None:
    test = ending.test.result if ending.test else None
    if ending.result:
        print_table(trials_table(ending.result))
    if test and search.allocation:
        print_table(counts_table(test))
    for table in first_tables(test) if test else []:
        print_table(table)


def _as_dict(search: Search, ending: Ending) -> dict[str, Any]:
    chosen, test = ending.chosen, ending.test and ending.test.result
    found = None if chosen is None else {
        "trial": chosen.label, "counts": list(chosen.counts), "validation_accuracy": chosen.accuracy,
        "objective": dict(chosen.values), "file": str(chosen.file),
    }  # fmt: skip
    return {
        "schema": "cltk.tuning-result/1", "name": search.name,
        "budget": search.allocation.budget if search.allocation else None, "objective": list(search.objective),
        "seeds": list(search.seeds), "test_seeds": list(search.test_seeds), "chosen": found,
        "trials": ending.result.to_dict()["cells"] if ending.result else [],
        "test": test.to_dict() if test else None,
    }  # fmt: skip


def _show_failures(errors: Mapping[str, str]) -> None:
    for name, error in errors.items():
        Console(stderr=True).print(Text(f"{name} failed: {error}", style="red"))
