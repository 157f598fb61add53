"""What every component promises, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from cltk.testing.defects import require
from cltk.testing.isolation import disturb, offline, randomness
from cltk.testing.outcome import Outcome, require_equal
from cltk.testing.settings import SETTINGS_CHECKS
from cltk.testing.spaces import search_space_is_valid
from cltk.testing.subject import Body, Subject

__all__ = ["common_checks", "has_docstring", "result_checks"]


@dataclass(frozen=True, slots=True)
class _Usage:
    """What a component gave, and what it reached for meanwhile."""

    outcome: Outcome
    drawn: tuple[str, ...]
    tried: tuple[str, ...]
    error: Exception | None


def common_checks(build: Callable[[Subject], object]) -> tuple[Body, ...]:
    """What components of all kinds promise.

    Args:
        build: Makes one, as the composition root does.
    """

    def builds(subject: Subject) -> None:
        """It is built from its config and what the scenario knows, and keeps the config as ``self.config``."""
        component = build(subject)
        came = f"self.config is {getattr(component, 'config', 'not there')!r}"
        require(getattr(component, "config", None) == subject.config, came, "Write self.config = config.")

    # Settings that are refused are best reported by the check that says how to give others.
    return (docstring_names_its_source, builds, *SETTINGS_CHECKS, search_space_is_valid)


def result_checks(exercise: Callable[[Subject], Outcome]) -> tuple[Body, ...]:
    """What components promise that a result depends on; to come last, as they meet the errors of all methods.

    Args:
        exercise: Makes one, calls all its methods, and gives what came out.
    """

    def leaves_global_randomness_alone(subject: Subject) -> None:
        """Outside of a lent scope, the global generators of torch, NumPy and random stay as they are."""
        drawn = _used(exercise, subject).drawn
        fix = "Draw from the generator or the streams handed over; derive a NumPy generator's seed from them."
        require(not drawn, f"it drew from {' and '.join(drawn)}", fix)

    def same_stream_same_result(subject: Subject) -> None:
        """Built and used twice with the same streams, it gives the same, whatever the global generators' states."""
        usage = _used(exercise, subject)
        if usage.error:
            raise usage.error
        fix = "Take all randomness from the streams, and keep no state on the class or the module."
        disturb()
        require_equal(usage.outcome, exercise(subject), "the second time differs", fix)

    def uses_no_network(subject: Subject) -> None:
        """It opens no connection, for data neither where CLTK_OFFLINE is set."""
        tried = _used(exercise, subject).tried
        fix = "Ship what is needed with the package; let a scenario download in fetch, unless CLTK_OFFLINE is set."
        require(not tried, f"it tried {', '.join(tried[:3])}", fix)

    return (leaves_global_randomness_alone, same_stream_same_result, uses_no_network)


def docstring_names_its_source(subject: Subject) -> None:
    """The docstring of the class has a line ``Source:`` that names the paper, or says that there is none."""
    fix = "Add 'Source: ...' to the class: arXiv or DOI, or 'none' and why."
    require("Source:" in (subject.cls.__doc__ or ""), "it has none", fix)


def has_docstring(subject: Subject) -> None:
    """The first line of its docstring says in a sentence what it does: lists and help show it."""
    first = (subject.cls.__doc__ or "").strip().partition("\n")[0]
    require(first.endswith("."), f"the first line is {first!r}", "Write a sentence that ends with a full stop.")


@lru_cache(maxsize=8)
def _used(exercise: Callable[[Subject], Outcome], subject: Subject) -> _Usage:
    usage = _use(exercise, subject)
    # A module that is imported on the way may draw while it is imported, which is no fault of the component.
    return replace(usage, drawn=_use(exercise, subject).drawn) if usage.drawn else usage


def _use(exercise: Callable[[Subject], Outcome], subject: Subject) -> _Usage:
    before, error, outcome = randomness(), None, {}
    with offline() as tried:
        try:
            outcome = exercise(subject)
        except Exception as caught:
            error = caught
    after = randomness()
    drawn = tuple(name for name, state in after.items() if before.get(name, state) != state)
    if error and not tried and not drawn:
        raise error
    return _Usage(outcome, drawn, tuple(tried), error)
