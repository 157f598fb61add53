"""What a launcher promises."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher
from cltk.testing.components import has_docstring
from cltk.testing.defects import NotRunError, require
from cltk.testing.isolation import processes_started
from cltk.testing.settings import SETTINGS_CHECKS
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

PATIENCE = 30.0
"""Seconds within which workers are to have ended; a cluster may still have them in its queue then."""

WAITING = (sys.executable, "-c", "import time; time.sleep(60)")
FAILING = (sys.executable, "-c", "import sys; sys.exit('out of order')")


def builds(subject: Subject) -> None:
    """It is built from its config and the study's folder, starts nothing, and keeps the config as ``self.config``."""
    with processes_started() as started, _launcher(subject) as launcher:
        came = f"self.config is {getattr(launcher, 'config', 'not there')!r}"
        require(getattr(launcher, "config", None) == subject.config, came, "Write self.config = config.")
    require(not started, f"it started {started[:1]}", "Start processes in start alone.")


def describing_starts_nothing(subject: Subject) -> None:
    """``describe`` says in a text what ``start`` would do, for one worker and for several, and starts nothing."""
    with processes_started() as started, _launcher(subject) as launcher:
        for n in (1, 2):
            text = launcher.describe(WAITING, n)
            require(isinstance(text, str) and bool(text.strip()), f"it gave {text!r}", "Return a text.")
    fix = "Only say what would be started, or return the file that would be submitted."
    require(not started, f"it started {', '.join(started[:3])}", fix)


def another_process_finds_and_stops_workers(subject: Subject) -> None:
    """The handle survives JSON; with it, another launcher counts 1 to n workers and stops them, again if asked to."""
    with _launcher(subject) as launcher, _started(launcher, WAITING, 2) as handle:
        plain = json.loads(json.dumps(handle))
        require(plain == handle, f"JSON made {handle!r} into {plain!r}", "Keep str, int, list and dict with str keys.")
        other = _build(subject, launcher.folder)
        alive = other.alive(plain)
        came = f"of two workers that wait, alive gives {alive!r}"
        require(type(alive) is int and 0 < alive <= 2, came, "Find them by what the handle says, and start at once.")
        reason = other.reason(plain)
        require(reason is None, f"while they wait, reason gives {reason!r}", "Return None where none has failed.")
        other.stop(plain)
        fix = "Let stop end all of them; nothing is to be left in a queue."
        require(_have_ended(launcher, handle), f"{PATIENCE:.0f} s after stop some are alive", fix)
        other.stop(plain)


def says_why_workers_failed(subject: Subject) -> None:
    """Once workers have failed, none is alive, and ``reason`` is a sentence."""
    with _launcher(subject) as launcher, _started(launcher, FAILING, 1) as handle:
        if not _have_ended(launcher, handle):
            raise NotRunError(f"after {PATIENCE:.0f} s its workers still wait or run")
        reason = launcher.reason(handle)
    fix = "Look at their exit statuses; the end of a log says more."
    require(isinstance(reason, str) and bool(reason), f"reason gives {reason!r}", fix)


@contextmanager
def _launcher(subject: Subject) -> Iterator[Launcher]:
    """A launcher with a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        yield _build(subject, Path(folder))


def _build(subject: Subject, folder: Path) -> Launcher:
    launcher: Launcher = subject.build(folder)
    return launcher


@contextmanager
def _started(launcher: Launcher, command: Sequence[str], n: int) -> Iterator[Handle]:
    """Workers, which are stopped afterwards.

    Raises:
        NotRunError: The launcher says that it cannot start any here, as where a cluster is not at hand.
    """
    try:
        handle = launcher.start(command, n)
    except CltkError as error:
        raise NotRunError(f"it cannot start workers here: {error.problem}") from error
    try:
        yield handle
    finally:
        launcher.stop(handle)


def _have_ended(launcher: Launcher, handle: Handle) -> bool:
    """Waits until no worker is alive; False where some still are after a while."""
    until = time.monotonic() + PATIENCE
    while launcher.alive(handle) > 0:
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


CHECKS: tuple[Body, ...] = (
    has_docstring,
    builds,
    *SETTINGS_CHECKS,
    describing_starts_nothing,
    another_process_finds_and_stops_workers,
    says_why_workers_failed,
)
