"""The record source: where records of other machines are found."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from cltk.config import Settings
from cltk.interfaces.component import Component
from cltk.record import Record

__all__ = ["RecordSource"]


class RecordSource(Component, ABC):
    """Reads back what sinks of other machines sent somewhere. Built as ``RecordSource(config, store)``.

    Args:
        config: Its settings.
        store: The folder of this machine's runs.
    """

    def __init__(self, config: Settings, store: Path) -> None:
        self.config = config
        self.store = store

    @abstractmethod
    def study(self, name: str) -> Mapping[str, Any] | None:
        """The definition of a study, as its group had it; None where it is not known.

        Raises:
            StoreError: It is unreadable, or the server does not answer.
        """

    @abstractmethod
    def records(self, study: str, wanted: Collection[tuple[str, int]]) -> Sequence[Record]:
        """The records of a study's runs, as far as there are any.

        Args:
            study: The name of the study.
            wanted: The runs, each as its configuration's hash and its seed.

        Raises:
            StoreError: One is unreadable, or the server does not answer.
        """
