"""How far items of a queue are, as the states of Optuna's trials say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

__all__ = ["ERROR", "LOSS", "RETRIED", "RETURNED", "State", "failures", "is_lost"]

ERROR, RETRIED = "error", "cltk_retried"
"""The attributes of a trial that say why it failed, and that it is tried again for all that."""

LOSS, RETURNED = "cltk_loss", "cltk_returned"
"""The attributes of a trial that say how its worker was lost, and that its worker gave it back."""

_STATUS = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "finished",
    TrialState.FAIL: "failed",
}


@dataclass(frozen=True, slots=True)
class State:
    """How far an item is: ``waiting``, ``running``, ``finished`` or ``failed``, and with which attributes."""

    status: str
    trial: FrozenTrial

    @classmethod
    def of(cls, trial: FrozenTrial) -> State:
        """What the state of a trial means; one that is lost is as good as waiting."""
        return cls("waiting" if is_lost(trial) else _STATUS[trial.state], trial)

    @property
    def name(self) -> str:
        """What it is called."""
        attributes = self.trial.user_attrs
        return str(attributes.get("cell") or attributes.get("label") or attributes["key"])

    @property
    def full_name(self) -> str:
        """The same with its seed, where the name is that of several."""
        seed = self.trial.user_attrs.get("seed")
        return self.name if seed is None else f"{self.name}, seed {seed}"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.status in ("finished", "failed")

    @property
    def error(self) -> str | None:
        """Why it failed."""
        error: str | None = self.trial.user_attrs.get(ERROR)
        return error


def failures(states: Mapping[str, State]) -> dict[str, str]:
    """Why items failed, by their names."""
    return {state.full_name: state.error for state in states.values() if state.status == "failed" and state.error}


def is_lost(trial: FrozenTrial) -> bool:
    """Whether a trial is over and its item is not: its worker died, gave it back, or is to try it again."""
    attributes = trial.user_attrs
    return trial.state == TrialState.FAIL and (ERROR not in attributes or RETRIED in attributes)
