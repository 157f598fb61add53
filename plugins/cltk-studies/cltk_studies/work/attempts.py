"""The trials of one item of a queue: each is an attempt by one worker, and the first that is not lost counts.

Trials have numbers in the order in which they were made, which all processes agree on, and a lost trial stays lost.
So does what the first attempt is that counts, however old the view of the queue is: no lock is needed for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from optuna.trial import FrozenTrial, TrialState

from cltk_studies.work.state import ERROR, RETRIED, RETURNED, is_lost

__all__ = ["AFTER", "KEY", "Attempts", "group_attempts"]

KEY, AFTER = "key", "cltk_after"
"""The attributes of a trial that say of which item it is, and which trials of that item are of the past."""


@dataclass(frozen=True)
class Attempts:
    """The trials of an item since it was submitted, the oldest first.

    Attributes:
        trials: At least one.
    """

    trials: Sequence[FrozenTrial]

    @cached_property
    def current(self) -> FrozenTrial:
        """The one that counts: the first that is not lost, else the newest."""
        return next((trial for trial in self.trials if not is_lost(trial)), self.trials[-1])

    @property
    def is_lost(self) -> bool:
        """Whether nobody is going to work on the item unless it is queued again."""
        return is_lost(self.current)

    @property
    def losses(self) -> list[FrozenTrial]:
        """Those whose workers died."""
        kept = (ERROR, RETURNED)
        return [trial for trial in self.trials if is_lost(trial) and not any(name in trial.user_attrs for name in kept)]

    @property
    def retries(self) -> int:
        """How often the item failed and was tried again."""
        return sum(RETRIED in trial.user_attrs for trial in self.trials if trial.state == TrialState.FAIL)


def group_attempts(trials: Iterable[FrozenTrial]) -> dict[str, Attempts]:
    """The attempts at each item, by key, in the order in which the items were submitted."""
    known: dict[str, list[FrozenTrial]] = {}
    for trial in trials:
        if KEY in trial.user_attrs:
            known.setdefault(trial.user_attrs[KEY], []).append(trial)
    return {key: Attempts(_since_submitted(each)) for key, each in known.items()}


def _since_submitted(trials: Sequence[FrozenTrial]) -> Sequence[FrozenTrial]:
    after = max(trial.user_attrs.get(AFTER, -1) for trial in trials)
    return [trial for trial in trials if trial.number > after]
