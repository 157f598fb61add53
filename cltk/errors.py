"""Everything that a user can cause, as one family of errors.

An error says what came and what was expected (``problem``), and what to type next (``advice``). The command line
prints both and ends with ``exit_status``; it shows a traceback only with ``--debug``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar, Self

__all__ = [
    "CltkError",
    "ConfigError",
    "DataError",
    "DataUnavailableError",
    "DivergenceError",
    "Fault",
    "Faults",
    "NewerSchemaError",
    "PluginError",
    "StoreError",
    "closest",
    "under",
]

_MOST_MEANT = 5


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


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was given.

    Attributes:
        problem: What came, and what was expected instead.
        advice: What to do next; empty where the problem says it already.
        at: The dotted path of the field that it is about, as a file nests it; empty where it is about none.
        example: A value that the field may have, as TOML; empty where there is none to suggest.
    """

    problem: str
    advice: str = ""
    at: str = ""
    example: str = ""


class ConfigError(CltkError):
    """An experiment, a field or an option that cannot be used as given.

    Attributes:
        faults: All that is wrong; one, unless the error was made with ``of``.
    """

    exit_status = 2

    def __init__(self, problem: str, advice: str = "", at: str = "") -> None:
        super().__init__(problem, advice)
        self.faults: tuple[Fault, ...] = (Fault(problem, advice, at),)

    def __str__(self) -> str:
        return "\n".join(f"{fault.problem}\n{fault.advice}".rstrip() for fault in self.faults)

    @classmethod
    def of(cls, faults: Iterable[Fault]) -> Self:
        """The error that tells all of ``faults``, of which there is at least one, each once."""
        distinct = tuple(dict.fromkeys(faults))
        problems = [fault.problem for fault in distinct]
        advice = "\n".join(dict.fromkeys(fault.advice for fault in distinct if fault.advice))
        error = cls("\n".join(problems), advice)
        error.faults = distinct
        return error


class Faults:
    """Goes on after a fault, so that all of them are told at once."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    @contextmanager
    def further(self) -> Iterator[None]:
        """Keeps what is found wrong within; what follows it there is left out."""
        try:
            yield
        except ConfigError as error:
            self.all.extend(error.faults)

    def settle(self) -> None:
        """Raises what was kept.

        Raises:
            ConfigError: Something was.
        """
        if self.all:
            raise ConfigError.of(self.all)


@contextmanager
def under(path: str) -> Iterator[None]:
    """Says of what is found wrong within that it is about ``path``, or a field below it."""
    try:
        yield
    except ConfigError as error:
        faults = (replace(fault, at=f"{path}.{fault.at}".rstrip(".")) for fault in error.faults)
        raise type(error).of(faults) from error.__cause__


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


class NewerSchemaError(StoreError):
    """A file that a newer cltk has written, which is whole and not to be replaced."""


class NotRecordedError(CltkError):
    """Something that a metric needs and a record of an earlier version does not hold.

    Args:
        column: What is missing, in words.
    """

    def __init__(self, column: str) -> None:
        super().__init__(f"not in a record of version 1: {column}")


def closest(word: str, valid: Iterable[str], listing: str = "") -> str:
    """Names the valid words, the one nearest to ``word`` first, then those that it is a part of.

    Args:
        word: What came.
        valid: What would have been valid.
        listing: The command that lists it, where it is too much to be told here.

    Returns:
        A sentence to put into ``advice``: suggestions where some are near, then all that is valid.
    """
    names = sorted(valid)
    parts = [name for name in names if len(word) > 3 and word in name.split("-")]
    meant = dict.fromkeys([*difflib.get_close_matches(word, names, n=1), *parts[:_MOST_MEANT]])
    suggestion = f"Did you mean {' or '.join(map(repr, meant))}? " if meant else ""
    if listing:
        return f"{suggestion}All there are: {listing}"
    listed = map(repr, names) if any("," in name for name in names) else names
    return f"{suggestion}Valid: {', '.join(listed) or 'none'}."
