"""How long the rest of a study is going to take."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from time import monotonic

from cltk_studies.questions.plan import Plan
from cltk_studies.reports.formats import format_duration
from cltk_studies.work.positions import Position

__all__ = ["TimeLeft"]

_TRUSTED = 0.1
"""The share of a plan that its estimate stands for, until runs have said more."""


class TimeLeft:
    """What was planned for the rest, times how much longer than planned it took so far.

    The first runs, whose time says little, count beside a tenth of the plan that is taken at its word. Without a plan,
    the rest is taken to be like what has ended since this process looks.

    Args:
        plan: What is to be done.
    """

    def __init__(self, plan: Plan | None) -> None:
        self._seconds = {planned.cell.name: planned.seconds for planned in plan.cells} if plan else {}
        self._work = sum(planned.seconds * len(planned.open) for planned in plan.cells) if plan else 0.0
        self._expected = plan.seconds if plan else 0.0
        self._spent = 0.0
        self._before = 0
        self.runs, self.ended = plan.runs if plan else 0, 0
        self._started = monotonic()

    def start(self) -> None:
        """Begins to count time."""
        self._started = monotonic()

    def join(self, counts: Mapping[str, int]) -> None:
        """Takes note of how many items of a study that somebody else began are in which state."""
        self.runs, self._before = sum(counts.values()), counts.get("finished", 0) + counts.get("failed", 0)
        self.ended = self._before

    def end(self, name: str, counts: Mapping[str, int]) -> None:
        """Takes note of an item that ended, and of how many are in which state."""
        self.ended += 1
        self._spent += self._seconds.get(name, 0.0)
        self.runs = max(self.runs, self.ended if self._seconds else sum(counts.values()))

    def describe(self, running: Collection[Position]) -> str:
        """The time left in words, given where the runs are that go on; empty where nothing is known of it."""
        if self.runs and self.ended >= self.runs:
            return "all done"
        left = self._left(running)
        return "" if left is None else f"about {format_duration(left)} left"

    def _left(self, running: Collection[Position]) -> float | None:
        elapsed = monotonic() - self._started
        ended = self.ended + sum(position.share for position in running)
        if not self._expected:
            return elapsed * (self.runs - ended) / (ended - self._before) if ended > self._before else None
        spent = self._spent + sum(position.share * self._seconds.get(position.item, 0.0) for position in running)
        share = min(1.0, spent / self._work if spent else ended / max(1, self.runs))
        trusted = self._expected * _TRUSTED
        pace = (elapsed + trusted) / (self._expected * share + trusted)
        return max(0.0, self._expected * (1 - share) * pace)
