"""Keeping what a study is with its queue, also where another version has left it there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cltk.errors import ConfigError
from cltk_studies.questions.search import Search
from cltk_studies.questions.study import Study
from cltk_studies.work.jobs import read_definition
from cltk_studies.work.queue import Queue

__all__ = ["define_search", "define_study", "earlier_study", "explain_upgrade"]


def earlier_study(queue: Queue) -> Study | None:
    """The study that was kept with a queue before; None where it is a new one.

    Raises:
        ConfigError: There is a search of that name.
    """
    if queue.await_definition() is None:
        return None
    earlier = read_definition(queue)
    if isinstance(earlier, Study):
        return earlier
    raise ConfigError(
        f"There is a study '{queue.name}' already, with another definition: it differs in kind.",
        f"Give this one another name: --name {queue.name}-2. Runs that both have are not run again.",
    )


def define_study(queue: Queue, study: Study) -> None:
    """Keeps what a study is; it has what was kept before, too.

    Raises:
        ConfigError: Another command has just kept another study of that name.
    """
    if queue.definition != study.to_dict():
        queue.define(study.to_dict(), study.fingerprint)
    # Of two processes that find none at the same moment, the one that writes later is the one that is refused.
    kept = read_definition(queue)
    if not isinstance(kept, Study) or kept.fingerprint != study.fingerprint:
        _require_same(queue.name, queue.fingerprint or {}, study.fingerprint)


def _define_anew(queue: Queue, study: Search) -> None:
    if queue.await_definition() is not None:
        known = queue.fingerprint
        if known != study.fingerprint:
            known = read_definition(queue).as_of_today().fingerprint
        _require_same(queue.name, known, study.fingerprint)
    queue.define(study.to_dict(), study.fingerprint)
    # Of two processes that find none at the same moment, the one that writes later is the one that is refused.
    _require_same(queue.name, queue.fingerprint or {}, study.fingerprint)


def define_search(queue: Queue, search: Search) -> tuple[Search, list[str]]:
    """Keeps what a search is; trials of other versions are set aside, as they would mislead the choice of new ones.

    Returns:
        The search, with the test seeds that it had before, too; and what the user should know, a sentence each.

    Raises:
        ConfigError: There is another study of that name, or workers of other versions are at work on it.
    """
    before = queue.await_definition() and read_definition(queue)
    if isinstance(before, Search):
        seeds = dict.fromkeys([*before.test_seeds, *search.test_seeds])
        search = search.model_copy(update={"test_seeds": tuple(seeds)})
    _define_anew(queue, search)
    if not isinstance(before, Search) or before.plugins == search.plugins:
        return search, []
    other = queue.set_aside()
    _define_anew(queue, search)
    return search, [f"{_reason(before.plugins)} Its earlier trials are kept in the database as '{other}'."]


def explain_upgrade(before: Study, after: Study) -> list[str]:
    """Why the runs of a study that was there are made anew, a sentence each; empty where they are not."""
    plugins = {cell.name: cell.plugins for cell in before.cells}
    outdated = [plugins[cell.name] for cell in after.cells if plugins.get(cell.name, cell.plugins) != cell.plugins]
    return [f"{_reason(outdated[0])} Its earlier runs are kept beside the new ones."] if outdated else []


def _require_same(name: str, known: Mapping[str, Any], fingerprint: Mapping[str, Any]) -> None:
    parts = [part.replace("config_hash", "experiment") for part in fingerprint if known.get(part) != fingerprint[part]]
    if not parts:
        return
    raise ConfigError(
        f"There is a study '{name}' already, with another definition: it differs in {', '.join(parts)}.",
        f"Give this one another name: --name {name}-2. Runs that both have are not run again.",
    )


def _reason(plugins: Mapping[str, str]) -> str:
    versions = ", ".join(sorted(set(plugins.values()))) or "cltk 0.1"
    return (
        f"The study was made with other versions ({versions}), and is made anew: a run is identified by the versions "
        "that it was made with."
    )
