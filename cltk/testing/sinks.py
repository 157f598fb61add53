"""What a sink promises."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cltk.interfaces import RunGroup, Sink, Summary
from cltk.testing.components import has_docstring
from cltk.testing.defects import NotRunError, require
from cltk.testing.isolation import offline, randomness
from cltk.testing.runs import CONFIG, MadeUpStore, made_up_store
from cltk.testing.settings import SETTINGS_CHECKS
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

SUMMARY: Summary = {"made-up": {"mean": 0.5, "std": 0.0, "ci95": 0.0}}

AFTERWARDS = 0.3
"""Seconds in which nothing may be written after the end."""

Story = Callable[[Sink, MadeUpStore], Any]
"""Tells a sink of runs in a store; returns what it says in the end."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What came of telling a sink of runs.

    Attributes:
        notices: What it said in the end.
        strays: Files that it left where it was started, instead of in the store.
        altered: Files of runs that are not what they were.
        late: Files that it wrote after it was closed.
        drawn: Global generators that it drew from.
    """

    notices: Any
    strays: Sequence[str]
    altered: Sequence[str]
    late: Sequence[str]
    drawn: Sequence[str]


def builds(subject: Subject) -> None:
    """It is built from its config and the folder of all runs, and keeps the config as ``self.config``."""
    with tempfile.TemporaryDirectory() as store:
        sink = _build(subject, Path(store))
        came = f"self.config is {getattr(sink, 'config', 'not there')!r}"
        require(getattr(sink, "config", None) == subject.config, came, "Write self.config = config.")


def takes_all_that_happens(subject: Subject) -> None:
    """It raises nothing when it is told of two seeds, event by event, of which one fails; and of none at all."""
    _told(subject, _tell_of_seeds)
    _told(subject, _tell_of_nothing)


def takes_a_study(subject: Subject) -> None:
    """It raises nothing when it is told of a study of two cells, whose runs are over when it hears of them."""
    _told(subject, _tell_of_study)


def notices_are_sentences(subject: Subject) -> None:
    """``close`` gives a sequence of sentences for the user, empty where there is nothing to say."""
    for story in (_tell_of_seeds, _tell_of_nothing, _tell_of_study):
        notices = _told(subject, story).notices
        plain = isinstance(notices, list | tuple) and all(isinstance(notice, str) and notice for notice in notices)
        require(plain, f"it gave {notices!r}", "Return a tuple of str.")


def closing_waits_for_writing(subject: Subject) -> None:
    """Once ``close`` is over, nothing more is written: the command ends then, and the machine may be given back."""
    for story in (_tell_of_seeds, _tell_of_study):
        late = _told(subject, story).late
        fix = "Wait in close for every thread and process that begin_group and others have started."
        require(not late, f"afterwards it wrote {', '.join(late[:3])}", fix)


def leaves_the_folders_of_others_alone(subject: Subject) -> None:
    """It writes into the store, or where its config says; the files of runs stay as they are."""
    for story in (_tell_of_seeds, _tell_of_study):
        told = _told(subject, story)
        fix = "Write below self.store."
        require(not told.strays, f"in the folder where it was started it left {', '.join(told.strays[:3])}", fix)
        fix = "Use names of your own in the folder of a run, such as that of the sink."
        require(not told.altered, f"it changed {', '.join(told.altered[:3])}", fix)


def leaves_global_randomness_alone(subject: Subject) -> None:
    """The global generators of torch, NumPy and random stay as they are: a result must not depend on sinks."""
    _told(subject, _tell_of_seeds)  # A module that is imported on the way may draw while it is imported.
    drawn = _tell(subject, _tell_of_seeds).drawn
    fix = "Use a generator of your own: random.Random(), numpy.random.default_rng()."
    require(not drawn, f"it drew from {' and '.join(drawn)}", fix)


def _tell_of_seeds(sink: Sink, store: MadeUpStore) -> Any:
    group = RunGroup("seeds", "made-up", "two seeds", store.records[0].config_hash, (1, 2), definition=CONFIG)
    sink.begin_group(group)
    for run in store.seeds:
        for event, record in run.steps:
            sink.observe(event, record)
        sink.finish(run.record)
    sink.finish_group(group, [run.record for run in store.seeds], SUMMARY, None)
    return sink.close()


def _tell_of_nothing(sink: Sink, store: MadeUpStore) -> Any:
    return sink.close()


def _tell_of_study(sink: Sink, store: MadeUpStore) -> Any:
    study = RunGroup("study", "made-up", "two cells", seeds=(1, 2), definition={"study": CONFIG})
    cells = {
        config_hash: RunGroup("cell", f"cell {config_hash}", "", config_hash, (1, 2), study.name, CONFIG)
        for config_hash in dict.fromkeys(record.config_hash for record in store.records)
    }
    for group in (study, *cells.values()):
        sink.begin_group(group)
    for record in store.records:
        sink.finish(record)
    for config_hash, cell in cells.items():
        sink.finish_group(cell, [run for run in store.records if run.config_hash == config_hash], SUMMARY, None)
    sink.finish_group(study, store.records, SUMMARY, store.report)
    return sink.close()


@lru_cache(maxsize=8)
def _told(subject: Subject, story: Story) -> Telling:
    """What came of a story; the same telling whenever it is asked for."""
    return _tell(subject, story)


def _tell(subject: Subject, story: Story) -> Telling:
    """Tells a new sink.

    Raises:
        NotRunError: It raised because there is no network here.
    """
    # What is written while the folder is removed is found by a check; the removal is not to fail for it.
    temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with temporary as folder, _somewhere_else() as here, offline() as tried:
        store = made_up_store(Path(folder))
        files, before = _contents(store.folder), randomness()
        try:
            notices = story(_build(subject, store.folder), store)
        except Exception as error:
            if tried:
                raise NotRunError(f"it needs a network: {tried[0]}") from error
            raise
        drawn = [name for name, state in randomness().items() if before.get(name, state) != state]
        closed = _contents(store.folder)
        time.sleep(AFTERWARDS)
        strays = sorted(os.listdir(here))
        return Telling(notices, strays, _differing(files, closed), _late(closed, _contents(store.folder)), drawn)


def _build(subject: Subject, store: Path) -> Sink:
    sink: Sink = subject.build(store)
    return sink


Contents = dict[str, bytes]


def _contents(folder: Path) -> Contents:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _differing(before: Contents, after: Contents) -> list[str]:
    """The files that were there before and have changed or gone."""
    return [name for name, content in before.items() if after.get(name) != content]


def _late(before: Contents, after: Contents) -> list[str]:
    """The files that were changed or added, but not those that were tidied away."""
    return [name for name, content in after.items() if before.get(name) != content]


@contextmanager
def _somewhere_else() -> Iterator[Path]:
    """In a new folder."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


CHECKS: tuple[Body, ...] = (
    has_docstring,
    builds,
    *SETTINGS_CHECKS,
    takes_all_that_happens,
    takes_a_study,
    notices_are_sentences,
    closing_waits_for_writing,
    leaves_the_folders_of_others_alone,
    leaves_global_randomness_alone,
)
