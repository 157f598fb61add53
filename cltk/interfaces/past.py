"""What a schedule may know of the tasks that are finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Past"]


@dataclass(frozen=True, slots=True)
class Past:
    """What came of the tasks that are finished, an entry each. Nothing in it is of test data, or of time.

    Attributes:
        accuracy: After each task, the accuracy on the validation data of every task, in [0, 1].
        losses: Of each task, by phase: the mean training loss of each epoch, in nats per sample.
        replayed: Samples replayed in an epoch of each task.
        operations: Floating-point operations spent on each task.
    """

    accuracy: tuple[tuple[float, ...], ...] = ()
    losses: tuple[Mapping[str, tuple[float, ...]], ...] = ()
    replayed: tuple[int, ...] = ()
    operations: tuple[int, ...] = ()

    def and_then(
        self, accuracy: tuple[float, ...], losses: Mapping[str, tuple[float, ...]], replayed: int, operations: int
    ) -> Past:
        """With one more task."""
        return replace(
            self,
            accuracy=(*self.accuracy, accuracy),
            losses=(*self.losses, losses),
            replayed=(*self.replayed, replayed),
            operations=(*self.operations, operations),
        )

    def to_dict(self) -> dict[str, Any]:
        """Its fields, by name."""
        return {name: getattr(self, name) for name in self.__slots__}
