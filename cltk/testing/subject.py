"""The component that is checked, and the checks as they are handed out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cltk.config import Settings, check
from cltk.errors import DataUnavailableError
from cltk.interfaces import Streams
from cltk.testing.defects import ConformanceError, DefectError
from cltk.testing.isolation import isolated

__all__ = ["Body", "Check", "Subject", "made"]


@dataclass(frozen=True, eq=False)
class Subject:
    """A class and the settings that it is built with. One that is checked is a key: results are kept by it.

    Args:
        cls: The class of the component.
        settings: What differs from the defaults.
    """

    cls: type[Any]
    settings: Mapping[str, Any]

    @property
    def config(self) -> Settings:
        """The checked settings."""
        config: Settings = check(self.cls.Config, dict(self.settings), self.cls.__name__)
        return config

    def build(self, *arguments: Any, seed: int = 0) -> Any:
        """A new component, built in a seeded scope as for a run."""
        with Streams(seed).scope("init", "subject"):
            return self.cls(self.config, *arguments)


Body = Callable[[Subject], None]
"""A check before it is bound to a component: its name and its docstring, which says what is expected, are shown."""


class Check(NamedTuple):
    """One check of one component.

    Attributes:
        name: Kebab-case.
        run: Carries it out. Raises a ``ConformanceError`` where the component does not pass, and a
            ``DataUnavailableError`` where it cannot be judged, as its data is not here.
    """

    name: str
    run: Callable[[], None]


def made(body: Body, subject: Subject) -> Check:
    """The check of ``subject`` by ``body``."""
    name = body.__name__.replace("_", "-")

    def run() -> None:
        try:
            with isolated():
                body(subject)
        except DefectError as defect:
            raise _error(name, body, subject, defect.came, defect.fix) from None
        except DataUnavailableError:
            raise
        except Exception as error:
            came = f"it raised {type(error).__name__}: {error}"
            fix = "Make this work; settings that have no default, or that must fit the kit, are given as config={...}."
            raise _error(name, body, subject, came, fix) from error

    return Check(name, run)


def _error(name: str, body: Body, subject: Subject, came: str, fix: str) -> ConformanceError:
    expected = " ".join((body.__doc__ or "").split())
    problem = f"{subject.cls.__name__} does not pass '{name}': {came}.\nExpected: {expected}"
    return ConformanceError(problem, fix, [name])
