"""What processes that work on a study tell each other, as attributes of Optuna's study."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from cltk.interfaces import Handle
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.watch import Watch

__all__ = ["Signals"]

_LAUNCH, _HELD, _STOPPED = "cltk_launch:", "cltk_held", "cltk_stopped"

_HOLD = 180
"""Seconds for which workers believe that more is to come, once whoever said it has fallen silent."""


class Signals:
    """Signals of one study.

    Args:
        database: Where the study is.
        study_id: What Optuna's storages call it.
    """

    def __init__(self, database: StudyDatabase, study_id: int) -> None:
        self._database, self._study_id = database, study_id
        self._watch = Watch()

    def hold(self) -> None:
        """Says that more items, or studies, are to come; to be repeated every minute or so."""
        self._set(_HELD, uuid.uuid4().hex)

    def release(self) -> None:
        """Says that nothing more is to come."""
        self._set(_HELD, None)

    @property
    def is_held(self) -> bool:
        """Whether more is to come, as far as anybody has said lately."""
        sign = self._all.get(_HELD)
        return sign is not None and self._watch.unchanged(_HELD, sign) < _HOLD

    def stop(self, reason: str) -> None:
        """Has all who work on the study give back what they do, and end."""
        self._set(_STOPPED, reason)

    def go_on(self) -> None:
        """Takes back ``stop``."""
        if self.stopped is not None:
            self._set(_STOPPED, None)

    @property
    def stopped(self) -> str | None:
        """Why work on the study is to stop; None where it is not."""
        reason: str | None = self._all.get(_STOPPED)
        return reason

    def keep_launch(self, launch: str, launcher: str, handle: Handle) -> None:
        """Keeps what a launcher started, so that another process can ask for it, or stop it.

        Args:
            launch: Begins the names of the workers that it started.
            launcher: The launcher's name.
            handle: What it gave.
        """
        self._set(_LAUNCH + launch, {"launcher": launcher, "handle": dict(handle)})

    def forget_launch(self, launch: str) -> None:
        """Forgets what has ended."""
        self._set(_LAUNCH + launch, None)

    @property
    def launches(self) -> dict[str, dict[str, Any]]:
        """What is kept of launchers: each a ``launcher`` and its ``handle``."""
        return {
            name.removeprefix(_LAUNCH): value
            for name, value in self._all.items()
            if name.startswith(_LAUNCH) and value is not None
        }

    @property
    def _all(self) -> Mapping[str, Any]:
        with self._database.reported():
            attributes: Mapping[str, Any] = self._database.backend.get_study_user_attrs(self._study_id)
        return attributes

    def _set(self, name: str, value: Any) -> None:
        with self._database.reported():
            self._database.backend.set_study_user_attr(self._study_id, name, value)
