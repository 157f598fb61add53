"""Where the runs of a study are, for whoever shows it meanwhile: a small file a worker, beside the study."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from pydantic import ValidationError

from cltk.config import Settings
from cltk.events import Event, RunStarted
from cltk.interfaces import Sink
from cltk.record import Record
from cltk.runs.share import RunShare
from cltk_studies.launchers.processes import handle_of, is_gone
from cltk_studies.questions.study import study_path

__all__ = ["Position", "Positions"]

_PERIOD = 0.5
"""Seconds between two writings of a file."""


class Position(Settings):
    """Where a run was when its worker last said so.

    Attributes:
        item: What it belongs to, as the study calls it.
        task: The task that goes on, counted from 1; 0 before the first.
        tasks: How many there are.
        epoch: Passes that are done of the phase that goes on.
        epochs: Those that it makes.
        share: How much of the run is done, in [0, 1].
        seconds: Time that it has taken here.
        at: When that was, in seconds of the clock of its machine.
        process: The process that does it.
    """

    item: str
    task: int
    tasks: int
    epoch: int
    epochs: int
    share: float
    seconds: float
    at: float
    process: dict[str, Any]

    def seconds_left(self, usual: float | None) -> float | None:
        """Seconds until the run ends; None where nothing is known.

        Args:
            usual: What such a run takes, where that is known: it counts as much as of the run is still to come.
        """
        left = 1 - self.share
        if usual is not None:
            expected = self.seconds + left * usual
        elif self.share:
            expected = self.seconds / self.share
        else:
            return None
        return max(0.0, left * expected - max(0.0, time.time() - self.at))


class Positions:
    """The positions of the runs of a study that are under way in a store.

    Args:
        store: The folder of the runs.
        study: The name of the study.
    """

    def __init__(self, store: Path, study: str) -> None:
        self._folder = study_path(store, study).parent / "running"

    def read(self) -> Sequence[Position]:
        """Those of workers that are not known to be dead."""
        found = []
        for path in self._folder.glob("*.json"):
            with suppress(OSError, ValidationError):  # It has ended just now, or somebody wrote something else.
                position = Position.model_validate_json(path.read_bytes())
                if not is_gone(position.process):
                    found.append(position)
        return found

    @contextmanager
    def kept(self, item: str) -> Iterator[Sink]:
        """A sink that keeps the position of this process in an item, as long as it is at work on it."""
        process = handle_of(os.getpid())
        path = self._folder / f"{process['host']}-{process['pid']}.json"
        try:
            yield _Keeper(path, item, process)
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)


class _Keeper(Sink):
    """Writes where a run is, now and then. That it cannot be written harms nobody."""

    def __init__(self, path: Path, item: str, process: dict[str, Any]) -> None:
        super().__init__(Settings(), path.parent)
        self._path, self._item, self._process = path, item, process
        self._share = RunShare()
        self._begun, self._next = monotonic(), 0.0

    def observe(self, event: Event, record: Record) -> None:
        """Takes note of it, and writes it if the last time was not just now."""
        self._share.observe(event)
        now = monotonic()
        if isinstance(event, RunStarted):
            self._begun, self._next = now, now
        if now >= self._next:
            self._next = now + _PERIOD
            with suppress(OSError):
                self._write(self._position(now - self._begun).model_dump_json())

    def _write(self, text: str) -> None:
        """Puts it in place at once, so that nobody reads half of it; it need not outlive a crash of the machine."""
        part = self._path.with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8")
        part.replace(self._path)

    def _position(self, seconds: float) -> Position:
        share = self._share
        return Position(
            item=self._item, task=share.task, tasks=share.tasks, epoch=share.epoch, epochs=share.epochs,
            share=share.value, seconds=seconds, at=time.time(), process=self._process,
        )  # fmt: skip
