"""Everything that a user can cause, as one family of errors.

An error says what came and what was expected (``problem``), and what to type next (``advice``). The command line
prints both and ends with ``exit_status``; it shows a traceback only with ``--debug``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

__all__ = [
    "CltkError",
    "ConfigError",
    "DataError",
    "DataUnavailableError",
    "DivergenceError",
    "PluginError",
    "StoreError",
    "closest",
]


class CltkError(Exception):
    """The root of all errors that cltk raises on purpose.

    Args:
        problem: What came, and what was expected instead.
        advice: What to do next; empty where the problem says it already.
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem, advice)
        self.problem = problem
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.problem}\n{self.advice}".rstrip()


class ConfigError(CltkError):
    """An experiment, a field or an option that cannot be used as given."""

    exit_status = 2


class PluginError(CltkError):
    """An installed plugin that cannot be imported or is not what it claims to be."""

    exit_status = 3


class DataError(CltkError):
    """A data file that is truncated, altered or unreadable."""


class DataUnavailableError(DataError):
    """A data set that is in none of the folders searched and could not be downloaded."""


class DivergenceError(CltkError):
    """A training loss that is not a finite number any more."""


class StoreError(CltkError):
    """A folder, file or server for results that cannot be written or read."""


class NotRecordedError(CltkError):
    """Something that a metric needs and a record of an earlier version does not hold.

    Args:
        column: What is missing, in words.
    """

    def __init__(self, column: str) -> None:
        super().__init__(f"not in a record of version 1: {column}")


def closest(word: str, valid: Iterable[str]) -> str:
    """Names the valid words, the one nearest to ``word`` first.

    Returns:
        A sentence to put into ``advice``: a suggestion where one is near, then all that is valid.
    """
    names = sorted(valid)
    near = difflib.get_close_matches(word, names, n=1)
    suggestion = f"Did you mean '{near[0]}'? " if near else ""
    return f"{suggestion}Valid: {', '.join(names) or 'none'}."
