"""How a check says what is wrong with a component, or why it can say nothing."""

from __future__ import annotations

from collections.abc import Sequence

from cltk.errors import CltkError

__all__ = ["ConformanceError", "DefectError", "NotRunError", "require"]


class ConformanceError(CltkError, AssertionError):
    """A component that does not do what its kind promises.

    Args:
        problem: The check, what came, and what was expected.
        advice: How to fix it.
        checks: The names of the checks that it does not pass.
    """

    exit_status = 3

    def __init__(self, problem: str, advice: str = "", checks: Sequence[str] = ()) -> None:
        super().__init__(problem, advice)
        self.checks = tuple(checks)


class NotRunError(CltkError):
    """A check that can say nothing of a component, for the reason given: it neither passes nor fails."""


class DefectError(Exception):
    """What came instead of what a check expects, and how to fix it; the check's name and promise are added later."""

    def __init__(self, came: str, fix: str) -> None:
        super().__init__(came, fix)
        self.came = came
        self.fix = fix


def require(holds: bool, came: str, fix: str) -> None:
    """Raises a ``DefectError`` unless ``holds``."""
    if not holds:
        raise DefectError(came, fix)
