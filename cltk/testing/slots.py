"""What a strategy under test works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import torch
from torch import nn

from cltk.config import check
from cltk.interfaces import ScenarioInfo, SlotName, Streams
from cltk.testing.standins import Half, Mixture, Perceptron
from cltk.testing.subject import Companion, Subject

__all__ = ["Slots"]

STANDINS = {
    "generator": Companion(Mixture, {}),
    "classifier": Companion(Perceptron, {}),
    "schedule": Companion(Half, {}),
}


class Slots(Mapping[SlotName, Any]):
    """The components of the slots that are declared; those of the others are there too, but their use is noted.

    In a slot is the companion that the subject has for it, or a stand-in.

    Attributes:
        undeclared: The slots that were used without being declared.
    """

    def __init__(self, subject: Subject, info: ScenarioInfo, device: torch.device, seed: int = 0) -> None:
        companions = STANDINS | dict(subject.companions)
        self._parts = {slot: _build(slot, companions[slot], info, device, seed) for slot in get_args(SlotName)}
        self._declared = [slot for slot in self._parts if slot in subject.cls.slots]
        self.undeclared: set[str] = set()

    def __getitem__(self, slot: SlotName) -> Any:
        if slot not in self._declared:
            self.undeclared.add(slot)
        return self._parts[slot]

    def __contains__(self, slot: object) -> bool:
        return slot in self._declared

    def __iter__(self) -> Iterator[SlotName]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)


def _build(slot: SlotName, companion: Companion, info: ScenarioInfo, device: torch.device, seed: int) -> Any:
    config = check(companion.cls.Config, dict(companion.settings), companion.cls.__name__)
    with Streams(seed).scope("init", slot):
        component = companion.cls(config, info)
    return component.to(device) if isinstance(component, nn.Module) else component
