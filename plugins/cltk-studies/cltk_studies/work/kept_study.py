"""A study in its database: found or made there, with what it is and what its workers must keep to."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import optuna
from optuna.trial import TrialState

from cltk.errors import ConfigError, closest
from cltk.machine import Machine, device_of, precision_of
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.limits import Limits
from cltk_studies.work.signals import Signals

__all__ = ["KeptStudy", "study_names"]

_STUDY, _FINGERPRINT = "cltk_study", "cltk_fingerprint"
_LIMITS, _MACHINE = "cltk_limits", "cltk_machine"

_DEFINING = 10.0
"""Seconds that whoever makes a study gets to say what it is."""


class KeptStudy:
    """A study in its database.

    Args:
        database: Where it is.
        name: The study.
        directions: ``maximize`` or ``minimize`` for each objective, to make the study on first use; None to find it.

    Attributes:
        database: Where it is.
        name: The study.
        study: Optuna's study.
        signals: What those who work on it tell each other.

    Raises:
        ConfigError: There is no such study.
        StoreError: By each method too, when the database fails.
    """

    def __init__(self, database: StudyDatabase, name: str, directions: Sequence[str] | None = None) -> None:
        self.database, self.name = database, name
        self._trials = database.backend
        names = study_names(database)
        if name not in names and directions is None:
            raise ConfigError(f"There is no study '{name}' in this database.", closest(name, names))
        self._load(directions or ["maximize"])

    @property
    def pause(self) -> float:
        """Seconds between two looks at it while others work: fewer in a folder than where hundreds may ask a server."""
        return 0.1 if self.database.is_folder else 0.5

    @property
    def definition(self) -> dict[str, Any] | None:
        """What the study is, as ``define`` was told; None for a new one."""
        definition: dict[str, Any] | None = self._attributes.get(_STUDY)
        return definition

    @property
    def fingerprint(self) -> dict[str, Any] | None:
        """What another study of this name must agree in; None for a new one."""
        fingerprint: dict[str, Any] | None = self._attributes.get(_FINGERPRINT)
        return fingerprint

    @property
    def limits(self) -> Limits:
        """What the study puts up with."""
        return Limits(**self._attributes.get(_LIMITS, {}))

    def await_definition(self) -> dict[str, Any] | None:
        """The definition, where another process may just be about to write it; None where none comes."""
        deadline = time.monotonic() + (0 if self._is_new else _DEFINING)
        while (definition := self.definition) is None and time.monotonic() < deadline:
            time.sleep(self.pause)
        return definition

    def define(self, definition: Mapping[str, Any], fingerprint: Mapping[str, Any]) -> None:
        """Keeps what the study is, for workers on other machines; whether it may be that is for the caller to say."""
        self._set(_FINGERPRINT, dict(fingerprint))
        self._set(_STUDY, dict(definition))

    def limit(self, limits: Limits) -> None:
        """Keeps what the study puts up with."""
        if limits != self.limits:
            self._set(_LIMITS, limits.to_dict())

    def settle(self, machine: Machine) -> Machine:
        """The machine with the threads and the precision that the study was made with, here where by nobody before.

        Results depend on both, and all workers have to find the same runs, whatever their processors are best at.
        """
        if _MACHINE not in self._attributes:
            precision = precision_of(machine, device_of(machine))
            self._set(_MACHINE, {"threads": machine.threads or 1, "precision": precision})
        return replace(machine, **self._attributes[_MACHINE])

    def set_aside(self) -> str:
        """Moves all that there is of the study to another name, which is returned, and begins it anew.

        Raises:
            ConfigError: Somebody is at work on it.
        """
        name, directions = self.name, self.study.directions
        with self.database.reported():
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

    @property
    def _attributes(self) -> Mapping[str, Any]:
        with self.database.reported():
            attributes: Mapping[str, Any] = self._trials.get_study_user_attrs(self._study_id)
        return attributes

    def _set(self, name: str, value: Any) -> None:
        with self.database.reported():
            self._trials.set_study_user_attr(self._study_id, name, value)

    def _load(self, directions: Sequence[Any]) -> None:
        """Finds the study, or makes it: of several processes that try at once, one does."""
        with self.database.reported():
            try:
                self.study = optuna.create_study(storage=self._trials, study_name=self.name, directions=directions)
                self._is_new = True
            except optuna.exceptions.DuplicatedStudyError:
                self.study = optuna.load_study(storage=self._trials, study_name=self.name)
                self._is_new = False
            self._study_id = self._trials.get_study_id_from_name(self.name)
        self.signals = Signals(self.database, self._study_id)


def study_names(database: StudyDatabase) -> list[str]:
    """The names of the studies in a database."""
    with database.reported():
        names: list[str] = optuna.study.get_all_study_names(database.backend)
    return names
