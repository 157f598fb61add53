"""The queue of a study: Optuna's waiting trials, each taken by one worker, and taken back from a worker that died.

A trial that a worker leaves unfinished becomes ``FAIL`` without an error, and a copy of it is queued; this is all that
ever happens to a lost trial, so that it does not matter when a process is killed on the way.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from cltk.errors import ConfigError, closest
from cltk_studies.questions.items import Item
from cltk_studies.work.database import HEARTBEAT, StudyDatabase
from cltk_studies.work.heartbeat import repeating
from cltk_studies.work.liveness import is_gone, this_process
from cltk_studies.work.state import ERROR, State, is_lost

__all__ = ["Queue"]

_OWNER, _FORMER = "worker", "cltk_former"
_STUDY, _FINGERPRINT, _LAUNCHED = "cltk_study", "cltk_fingerprint", "cltk_launched"
_HELD = "cltk_held_until"


class Queue:
    """The queue of one study.

    Args:
        database: Where it is.
        name: The study.
        directions: ``maximize`` or ``minimize`` for each objective, to make the study on first use; None to find it.

    Attributes:
        database: Where it is.
        study: Optuna's study.
        sampler: Makes what chooses the parameters of a trial, from the trial's number.

    Raises:
        ConfigError: There is no such study.
        StoreError: By each method too, when the database fails.
    """

    def __init__(self, database: StudyDatabase, name: str, directions: Sequence[str] | None = None) -> None:
        self.database = database
        self.sampler: Callable[[int], Any] = lambda number: optuna.samplers.RandomSampler()
        self._trials = database.backend
        with database.reported(), database.locked():
            names = optuna.study.get_all_study_names(self._trials)
            if name not in names and directions is None:
                raise ConfigError(f"There is no study '{name}' in this database.", closest(name, names))
            self._name = name
            self._load(directions or ["maximize"])

    @property
    def pause(self) -> float:
        """Seconds between two looks at it while others work: fewer on one machine than where hundreds may look."""
        return 0.1 if self.database.is_local else 0.5

    @property
    def definition(self) -> dict[str, Any] | None:
        """What the study is, as ``define`` was told; None for a new one."""
        with self.database.reported():
            definition: dict[str, Any] | None = self.study.user_attrs.get(_STUDY)
        return definition

    def define(
        self,
        definition: Mapping[str, Any],
        fingerprint: Mapping[str, Any],
        refresh: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        """Keeps what the study is, for workers on other machines.

        Args:
            definition: What it is.
            fingerprint: What two studies of one name must agree in.
            refresh: Computes the fingerprint of the study that is there, as another version may have left another one.

        Raises:
            ConfigError: There is a study of that name, and it is another one.
        """
        with self.database.reported(), self.database.locked():
            known = self.study.user_attrs.get(_FINGERPRINT, fingerprint)
            if known != fingerprint and refresh is not None:
                known = refresh()
            if known != fingerprint:
                raise _other_study(self._name, known, fingerprint)
            self.study.set_user_attr(_STUDY, dict(definition))
            self.study.set_user_attr(_FINGERPRINT, dict(fingerprint))

    def set_aside(self) -> str:
        """Moves all that there is of the study to another name, which is returned, and begins it anew.

        Raises:
            ConfigError: Somebody is at work on it.
        """
        name, directions = self._name, self.study.directions
        with self.database.reported(), self.database.locked():
            self._take_back()
            if self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                raise ConfigError(
                    f"Workers of other versions are at work on the study '{name}'.",
                    f"Wait for them, or give this one another name: --name {name}-2.",
                )
            names = optuna.study.get_all_study_names(self._trials)
            other = next(free for number in count(1) if (free := f"{name} ({number})") not in names)
            # In this order, so that a kill in between leaves a copy too many, and nothing is lost.
            optuna.copy_study(
                from_study_name=name, from_storage=self._trials, to_storage=self._trials, to_study_name=other
            )
            optuna.delete_study(study_name=name, storage=self._trials)
            self._load(directions)
        return other

    def keep_launched(self, launcher: str, handle: Mapping[str, Any]) -> None:
        """Keeps what a launcher started for this study, so that another process can ask for it, or stop it."""
        with self.database.reported(), self.database.locked():
            self.study.set_user_attr(_LAUNCHED, [*self.launched, {"launcher": launcher, "handle": dict(handle)}])

    @property
    def launched(self) -> list[dict[str, Any]]:
        """What launchers have started for this study: each the name of a ``launcher`` and its ``handle``."""
        with self.database.reported():
            launched: list[dict[str, Any]] = self.study.user_attrs.get(_LAUNCHED, [])
        return launched

    def hold(self, seconds: float) -> None:
        """Has workers wait for so many seconds, even where nothing is left: more items, or studies, are to come."""
        with self.database.reported():
            self.study.set_user_attr(_HELD, time.time() + seconds)

    @property
    def is_held(self) -> bool:
        """Whether somebody said that more is to come, and not too long ago."""
        with self.database.reported():
            until: float = self.study.user_attrs.get(_HELD, 0.0)
        return time.time() < until

    def submit(self, items: Sequence[Item]) -> None:
        """Queues those items that are not waiting or running already."""
        with self.database.reported(), self.database.locked():
            self._take_back()
            under_way = {key for key, state in self.states().items() if state.status in ("waiting", "running")}
            for item in items:
                if item.key not in under_way:
                    self.study.enqueue_trial(dict(item.parameters), user_attrs={**item.attributes, "key": item.key})

    def claim(self) -> Trial | None:
        """Takes the first item that waits; None where none does."""
        with self.database.reported(), self.database.locked():
            self._take_back()
            for waiting in self.study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
                trial_id = self._id(waiting.number)
                if self._begin(trial_id):
                    self.study.sampler = self.sampler(waiting.number)
                    trial = Trial(self.study, trial_id)
                    trial.set_user_attr(_OWNER, this_process())
                    return trial
            return None

    @contextmanager
    def kept(self, trial: Trial) -> Iterator[None]:
        """Gives signs of life, where the database takes them, and gives the item back if its work is broken off."""
        try:
            with self._signs_of_life(trial):
                yield
        except BaseException:
            with suppress(Exception):  # Whoever comes next takes it back, with what ended the work still to be said.
                self._tell(trial, TrialState.FAIL)
            raise

    def finish(self, trial: Trial, values: Sequence[float]) -> None:
        """Ends an item with the values of its objectives."""
        self._tell(trial, TrialState.COMPLETE, values)

    def fail(self, trial: Trial, error: str) -> None:
        """Ends an item for good with an error."""
        with self.database.reported(), suppress(optuna.exceptions.UpdateFinishedTrialError):
            trial.set_user_attr(ERROR, error[:2000])
        self._tell(trial, TrialState.FAIL)

    def states(self) -> dict[str, State]:
        """How far each item is, by key; of several trials the newest counts."""
        with self.database.reported():
            trials = self.study.get_trials(deepcopy=False)
        return {trial.user_attrs["key"]: State.of(trial) for trial in trials if "key" in trial.user_attrs}

    def ended(self) -> set[str]:
        """The keys of the items that are finished or failed."""
        return {key for key, state in self.states().items() if state.ended}

    def under_way(self) -> bool:
        """Whether anything waits or runs."""
        return any(state.status in ("waiting", "running") for state in self.states().values())

    def _load(self, directions: Sequence[Any]) -> None:
        """Finds the study, or makes it."""
        self.study = optuna.create_study(
            storage=self._trials, study_name=self._name, directions=directions, load_if_exists=True
        )
        self._study_id = self._trials.get_study_id_from_name(self._name)

    def _signs_of_life(self, trial: Trial) -> AbstractContextManager[None]:
        if not self.database.takes_heartbeats:
            return nullcontext()
        return repeating(partial(self._trials.record_heartbeat, self._id(trial.number)), HEARTBEAT)

    def _id(self, number: int) -> int:
        """The identifier of the trial of this number, which Optuna's storages ask for."""
        trial_id: int = self._trials.get_trial_id_from_study_id_trial_number(self._study_id, number)
        return trial_id

    def _tell(self, trial: Trial, state: TrialState, values: Sequence[float] | None = None) -> None:
        with self.database.reported():
            self.study.tell(trial, list(values) if values else None, state=state, skip_if_finished=True)

    def _is_unsigned(self, trial: FrozenTrial) -> bool:
        """Whether a trial without a name on it is lost: whoever locks the database to take one signs it meanwhile.

        In a database that others may reach through a proxy, they get a minute.
        """
        begun = trial.datetime_start
        return self.database.is_local or begun is None or datetime.now() - begun > timedelta(minutes=1)

    def _begin(self, trial_id: int) -> bool:
        """Sets a waiting trial to running; False where another process was quicker, as behind a proxy."""
        try:
            begun: bool = self._trials.set_trial_state_values(trial_id, state=TrialState.RUNNING)
        except optuna.exceptions.UpdateFinishedTrialError:
            return False
        return begun

    def _take_back(self) -> None:
        """Queues again what nobody works on any more. To be called with the database locked.

        Through a proxy, which cannot lock, this is left to those who reach the database.
        """
        if self.database.is_proxy:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It is called experimental.
            optuna.storages.fail_stale_trials(self.study)
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            owner = trial.user_attrs.get(_OWNER)
            if is_gone(owner) if owner else self._is_unsigned(trial):
                with suppress(optuna.exceptions.UpdateFinishedTrialError):
                    self._trials.set_trial_state_values(self._id(trial.number), state=TrialState.FAIL)
        trials = self.study.get_trials(deepcopy=False)
        followed = {trial.user_attrs.get(_FORMER) for trial in trials}
        for trial in trials:
            if is_lost(trial) and trial.number not in followed:
                self.study.add_trial(_copy(trial))


def _other_study(name: str, known: Mapping[str, Any], fingerprint: Mapping[str, Any]) -> ConfigError:
    parts = ", ".join(
        part.replace("config_hash", "experiment") for part in fingerprint if known.get(part) != fingerprint[part]
    )
    return ConfigError(
        f"There is a study '{name}' already, with another definition: it differs in {parts}.",
        f"Give this one another name: --name {name}-2. Runs that both have are not run again.",
    )


def _copy(trial: FrozenTrial) -> FrozenTrial:
    attributes = {name: value for name, value in trial.user_attrs.items() if name != _OWNER}
    return optuna.trial.create_trial(
        state=TrialState.WAITING,
        params=trial.params,
        distributions=trial.distributions,
        user_attrs=attributes | {_FORMER: trial.number},
        system_attrs=trial.system_attrs,
    )
