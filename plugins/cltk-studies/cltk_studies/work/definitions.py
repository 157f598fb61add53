"""Keeping what a study is with its queue, also where another version has left it there."""

from __future__ import annotations

from cltk_studies.questions.search import Search
from cltk_studies.questions.study import Study
from cltk_studies.work.jobs import read_definition
from cltk_studies.work.queue import Queue

__all__ = ["define_search", "define_study"]


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
    versions = ", ".join(sorted(set(before.plugins.values()))) or "cltk 0.1"
    return [
        f"All trials are run anew, as a run is identified by the versions that made it. Those made with {versions} are "
        f"kept in the database as '{other}'."
    ]
