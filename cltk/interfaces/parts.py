"""The components that a strategy works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cltk.interfaces.classifier import Classifier
from cltk.interfaces.generator import Generator
from cltk.interfaces.schedule import ReplaySchedule

__all__ = ["Parts", "SlotName"]

SlotName = Literal["generator", "classifier", "schedule"]
"""A slot that a strategy may use: of ``cltk.kinds``, those that not every experiment fills, for type checkers."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The components in the slots of a strategy; only those are there that it declares.

    Attributes:
        slots: Them, by the slot.
        placed: Where networks are to be; None for where those in the slots are.
    """

    slots: Mapping[SlotName, Any]
    placed: torch.device | None = None

    @property
    def classifier(self) -> Classifier:
        """The classifier."""
        classifier = self.slots["classifier"]
        assert isinstance(classifier, Classifier)
        return classifier

    @property
    def generator(self) -> Generator:
        """The generator."""
        generator = self.slots["generator"]
        assert isinstance(generator, Generator)
        return generator

    @property
    def schedule(self) -> ReplaySchedule:
        """The replay schedule."""
        schedule = self.slots["schedule"]
        assert isinstance(schedule, ReplaySchedule)
        return schedule

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The networks among them, by slot."""
        return {slot: part for slot, part in self.slots.items() if isinstance(part, nn.Module)}

    @property
    def device(self) -> torch.device:
        """Where networks are, or are to be where there are none yet."""
        if self.placed is not None:
            return self.placed
        tensors = (chain(module.parameters(), module.buffers()) for module in self.modules.values())
        return next((tensor.device for tensor in chain.from_iterable(tensors)), torch.device("cpu"))

    @property
    def parameters(self) -> dict[str, int]:
        """Number of parameters and fitted statistics of each network, by slot."""
        return self._totals(Tensor.numel)

    @property
    def bytes(self) -> dict[str, int]:
        """Bytes of the same."""
        return self._totals(lambda tensor: tensor.nbytes)

    def _totals(self, measure: Callable[[Tensor], int]) -> dict[str, int]:
        return {slot: sum(map(measure, module.state_dict().values())) for slot, module in self.modules.items()}
