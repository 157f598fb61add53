"""What a study shows of itself while it is worked on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol

from cltk.record import Record
from cltk_studies.questions.plan import Plan
from cltk_studies.work.positions import Positions
from cltk_studies.work.state import State

__all__ = ["Display", "NoDisplay"]


class Display(Protocol):
    """Is told what is going to be done, and what has been. It is entered for each study in turn."""

    def begin(self, plan: Plan, notices: Sequence[str], positions: Positions) -> None:
        """Is told what is going to be done, what the user should know before, and where runs under way are found."""
        ...

    def join(self, counts: Mapping[str, int], positions: Positions) -> None:
        """Is told, in place of a plan, how many items of a study that somebody else began are in which state."""
        ...

    def show(self, state: State, records: Sequence[Record], counts: Mapping[str, int]) -> None:
        """Is told of an item that ended: how, its records as far as they are here, and how many are in which state."""
        ...

    def __enter__(self) -> Display:
        """Begins to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends showing."""
        ...


class NoDisplay:
    """Shows nothing."""

    def begin(self, plan: Plan, notices: Sequence[str], positions: Positions) -> None:
        """Shows nothing."""

    def join(self, counts: Mapping[str, int], positions: Positions) -> None:
        """Shows nothing."""

    def show(self, state: State, records: Sequence[Record], counts: Mapping[str, int]) -> None:
        """Shows nothing."""

    def __enter__(self) -> NoDisplay:
        """Does nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Does nothing."""
