"""Keeping what a study is with its queue, also where another version has left it there."""

from __future__ import annotations

from collections.abc import Mapping

from cltk_studies.questions.search import Search
from cltk_studies.questions.study import Study
from cltk_studies.work.jobs import read_definition
from cltk_studies.work.queue import Queue

__all__ = ["define_search", "define_study", "explain_upgrade"]


def define_study(queue: Queue, study: Study | Search) -> None:
    """Keeps what a study is.

    Raises:
        ConfigError: There is another study of that name.
    """
    queue.define(study.to_dict(), study.fingerprint, lambda: read_definition(queue).as_of_today().fingerprint)


def define_search(queue: Queue, search: Search) -> list[str]:
    """Keeps what a search is; trials of other versions are set aside, as they would mislead the choice of new ones.

    Returns:
        What the user should know, a sentence each.

    Raises:
        ConfigError: There is another study of that name, or workers of other versions are at work on it.
    """
    before = queue.definition and read_definition(queue)
    define_study(queue, search)
    if not isinstance(before, Search) or before.plugins == search.plugins:
        return []
    other = queue.set_aside()
    define_study(queue, search)
    return [f"{_reason(before.plugins)} Its earlier trials are kept in the database as '{other}'."]


def explain_upgrade(before: Study, after: Study) -> list[str]:
    """Why the runs of a study that was there are made anew, a sentence each; empty where they are not."""
    plugins = {cell.name: cell.plugins for cell in before.cells}
    outdated = [plugins[cell.name] for cell in after.cells if plugins.get(cell.name, cell.plugins) != cell.plugins]
    return [f"{_reason(outdated[0])} Its earlier runs are kept beside the new ones."] if outdated else []


def _reason(plugins: Mapping[str, str]) -> str:
    versions = ", ".join(sorted(set(plugins.values()))) or "cltk 0.1"
    return (
        f"The study was made with other versions ({versions}), and is made anew: a run is identified by the versions "
        "that it was made with."
    )
