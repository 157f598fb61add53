"""The component that is checked, and the checks as they are handed out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cltk.config import Settings, check
from cltk.errors import DataUnavailableError
from cltk.interfaces import Streams
from cltk.testing.defects import ConformanceError, DefectError, NotRunError
from cltk.testing.isolation import isolated

__all__ = ["Body", "Check", "Companion", "Subject", "bind"]

Fault = tuple[str, str, str]
"""An error's type, message and place: what tells it from another one."""


class Companion(NamedTuple):
    """A component that a strategy under test works with.

    Attributes:
        cls: Its class.
        settings: What differs from the defaults.
    """

    cls: type[Any]
    settings: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Subject:
    """What is checked, and the settings that it is built with. One that is checked is a key: results are kept by it.

    Args:
        cls: The class of the component; of a command, its function.
        settings: What differs from the defaults.
        companions: The components in the slots of a strategy, by slot; stand-ins are in the others.

    Attributes:
        faults: The errors that it raised so far, each with the name of the check that met it first.
    """

    cls: Any
    settings: Mapping[str, Any]
    companions: Mapping[str, Companion] = field(default_factory=dict)
    faults: dict[Fault, str] = field(default_factory=dict, init=False, repr=False)

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
        run: Carries it out. Raises a ``ConformanceError`` where the component does not pass, a ``NotRunError`` where
            the check does not apply, or meets an error that another check has reported, and a ``DataUnavailableError``
            where a scenario cannot be judged, as its data is not here.
    """

    name: str
    run: Callable[[], None]


def bind(body: Body, subject: Subject) -> Check:
    """The check of ``subject`` by ``body``."""
    name = body.__name__.replace("_", "-")

    def run() -> None:
        try:
            with isolated():
                body(subject)
        except DefectError as defect:
            raise _failure(name, body, subject, defect.came, defect.fix) from None
        except (DataUnavailableError, NotRunError):
            raise
        except Exception as error:
            # One mistake in a constructor would otherwise be reported by every check that builds the component.
            first = subject.faults.setdefault(_fault(error), name)
            if first != name:
                raise NotRunError(f"see '{first}': the error is the same") from error
            came = f"it raised {type(error).__name__}: {error}"
            fix = "Make this work; settings that have no default, or that must fit the kit, are given as config={...}."
            raise _failure(name, body, subject, came, fix) from error

    return Check(name, run)


def _fault(error: Exception) -> Fault:
    frames = traceback.extract_tb(error.__traceback__)
    return type(error).__name__, str(error), f"{frames[-1].filename}:{frames[-1].lineno}"


def _failure(name: str, body: Body, subject: Subject, came: str, fix: str) -> ConformanceError:
    expected = " ".join((body.__doc__ or "").split())
    problem = f"{subject.cls.__name__} does not pass '{name}': {came}.\nExpected: {expected}"
    return ConformanceError(problem, fix, [name])
