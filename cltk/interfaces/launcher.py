"""The launcher: what starts the workers of a study."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cltk.config import Settings
from cltk.interfaces.component import Component

__all__ = ["Handle", "Launcher"]

Handle = dict[str, Any]
"""What a launcher needs to find again what it started, fit for JSON: another process may ask and stop."""


class Launcher(Component, ABC):
    """Starts the workers of a study, on this machine or elsewhere. Built as ``Launcher(config, folder)``.

    Args:
        config: Its settings.
        folder: The study's folder, where its logs may go; it is there when workers are started.
    """

    def __init__(self, config: Settings, folder: Path) -> None:
        self.config = config
        self.folder = folder

    @abstractmethod
    def start(self, command: Sequence[str], n: int) -> Handle:
        """Starts ``n`` workers, each of which executes ``command``; returns at once.

        Raises:
            CltkError: They cannot be started.
        """

    @abstractmethod
    def alive(self, handle: Handle) -> int:
        """The number of workers that run or wait to run."""

    def ended(self, handle: Handle) -> Mapping[str, str]:
        """Why single workers ended before they should have, each by what it has as ``CLTK_WORKER`` in its environment.

        Their runs are given back at once, while the others go on. Empty where it is not known of single ones.
        """
        return {}

    def reason(self, handle: Handle) -> str | None:
        """Why workers ended before they should have, in a sentence; None where none did."""
        return next(iter(self.ended(handle).values()), None)

    def waiting(self, handle: Handle) -> str | None:
        """Why workers have not begun yet, in a sentence; None where they have, or nothing is known of it."""
        return None

    @property
    def time_limit(self) -> float | None:
        """Seconds after which workers are ended, whatever they do; None where they are not."""
        return None

    @abstractmethod
    def stop(self, handle: Handle) -> None:
        """Ends the workers: those that run may finish what they write; does nothing where they have ended."""

    @abstractmethod
    def describe(self, command: Sequence[str], n: int) -> str:
        """What ``start`` would do, as text: a command line, or the file that would be submitted."""
