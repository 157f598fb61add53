"""The trials of one item of a queue: each is an attempt by one worker, and the first that is not lost counts.

Trials have numbers in the order in which they were made, which all processes agree on, and a lost trial stays lost.
So does what the first attempt is that counts, however old the view of the queue is: no lock is needed for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna.trial import FrozenTrial, TrialState, create_trial

from cltk_studies.work.state import ERROR, RETRIED, RETURNED, State, is_lost

__all__ = ["AFTER", "KEY", "Attempts", "group_attempts"]

KEY, AFTER = "key", "cltk_after"
"""The attributes of a trial that say of which item it is, and which trials of that item are of the past."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The trials of an item since it was submitted.

    Attributes:
        trials: The oldest first; at least one.
        current: The one that counts: the first that is not lost, else the newest.
    """

    trials: Sequence[FrozenTrial]
    current: FrozenTrial

    @classmethod
    def of(cls, trials: Sequence[FrozenTrial]) -> Attempts:
        """The attempts among all trials of an item."""
        if len(trials) > 1:  # Most items have one, and a study may have thousands of them.
            after = max(trial.user_attrs.get(AFTER, -1) for trial in trials)
            trials = [trial for trial in trials if trial.number > after]
        return cls(trials, next((trial for trial in trials if not is_lost(trial)), trials[-1]))

    @property
    def newest(self) -> int:
        """The number of the newest trial."""
        number: int = self.trials[-1].number
        return number

    @property
    def ended(self) -> bool:
        """Whether the item is finished or failed."""
        return State.of(self.current).ended

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

    def another(self, state: TrialState, attributes: Mapping[str, Any] | None = None) -> FrozenTrial:
        """A further trial of the item, to be added: with what is said of the item, and not of one attempt at it."""
        said = self.current.user_attrs
        kept = {name: value for name, value in said.items() if name in (KEY, AFTER) or not _is_of_attempt(name)}
        return create_trial(
            state=state,
            params=self.current.params,
            distributions=self.current.distributions,
            user_attrs=kept | dict(attributes or {}),
            system_attrs=self.current.system_attrs,
        )


def group_attempts(trials: Sequence[FrozenTrial], *, unfinished: bool = False) -> dict[str, Attempts]:
    """The attempts at each item, by key, in the order in which the items were submitted.

    Args:
        trials: All trials of the study.
        unfinished: Whether to leave out items all of whose trials are finished: a quick look for something to do.
    """
    known: dict[str, list[FrozenTrial]] = {}
    if unfinished:
        known = {_key(trial): [] for trial in trials if trial.state != TrialState.COMPLETE}
        trials = [trial for trial in trials if _key(trial) in known] if len(known) < len(trials) else trials
    for trial in trials:
        known.setdefault(_key(trial), []).append(trial)
    return {key: Attempts.of(each) for key, each in known.items() if key}


def _key(trial: FrozenTrial) -> str:
    """Of which item a trial is; empty for one that somebody else has added."""
    key: str = trial.user_attrs.get(KEY, "")
    return key


def _is_of_attempt(name: str) -> bool:
    """Whether an attribute says something of one attempt at an item, and not of the item."""
    return name in (ERROR, "worker") or name.startswith("cltk_")
