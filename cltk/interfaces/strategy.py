"""The strategy: what is trained on what, task after task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces.batches import Batches
from cltk.interfaces.buffer import Buffer
from cltk.interfaces.classifier import Classifier
from cltk.interfaces.component import Component, ScenarioInfo
from cltk.interfaces.examples import Examples
from cltk.interfaces.generator import Generator
from cltk.interfaces.losses import classification_loss, task_masks
from cltk.interfaces.phase import Phase, Train
from cltk.interfaces.scenario import Task
from cltk.interfaces.schedule import ReplaySchedule
from cltk.interfaces.streams import Streams
from cltk.interfaces.training import Training

__all__ = ["Parts", "SlotName", "Strategy"]

SlotName = Literal["generator", "classifier", "schedule"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The components in the slots of a strategy; only those are there that it declares."""

    slots: Mapping[SlotName, Any]

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
    def parameters(self) -> dict[str, int]:
        """Number of parameters and fitted statistics of each network, by slot."""
        return self._totals(Tensor.numel)

    @property
    def bytes(self) -> dict[str, int]:
        """Bytes of the same."""
        return self._totals(lambda tensor: tensor.nbytes)

    def _totals(self, measure: Callable[[Tensor], int]) -> dict[str, int]:
        return {slot: sum(map(measure, module.state_dict().values())) for slot, module in self.modules.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """The weights of all networks, each name behind that of its slot."""
        return {
            f"{slot}.{name}": tensor
            for slot, module in self.modules.items()
            for name, tensor in module.state_dict().items()
        }


class Strategy(Component, ABC):
    """Learns the tasks one after the other. Built as ``Strategy(config, info, parts)``.

    A strategy trains nothing itself: it says what is to be trained, and the engine does it.

    Attributes:
        slots: The slots that it uses. A component given for another slot is an error.
        buffer: Its stored samples, where it stores any: they are counted, saved and restored with the networks.
    """

    slots: ClassVar[tuple[SlotName, ...]] = ("classifier",)
    buffer: Buffer | None = None

    def __init__(self, config: Settings, info: ScenarioInfo, parts: Parts) -> None:
        self.config = config
        self.info = info
        self.parts = parts
        masked = task_masks(info)
        self._masked = None if masked is None else masked.to(self.device)

    @abstractmethod
    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields what is to be trained for a task, in order; the engine trains each before it asks for the next.

        Only ``task.train`` may be read, and of earlier tasks only what the strategy kept itself.
        """

    def classifier_phase(self, batches: Batches, training: Training, temperature: float = 1.0) -> Train:
        """The phase that trains the classifier on hard and soft labels, as ``classification_loss`` describes.

        Whoever wraps its loss in something that waits for the device sets ``capturable`` to False.
        """
        classifier = self.parts.classifier

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            return classification_loss(classifier(batch.x), batch, self._masked, temperature)

        return Train("classifier", classifier, batches, loss, training, capturable=classifier.capturable)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """What is made of images, by default the classifier's logits in evaluation mode.

        Args:
            x: (B, C, H, W) float32 in [0, 1].

        Returns:
            (B, K) scores; the highest one is the prediction.
        """
        classifier = self.parts.classifier
        classifier.eval()
        scores: Tensor = classifier(x)
        return scores

    def replay_count(self, completed: int, current: int) -> int:
        """Number of samples replayed in an epoch of a task of ``current`` samples, after ``completed`` tasks."""
        return 0

    def work(self, completed: int, current: int) -> int:
        """Expected operations to learn such a task, for estimates of cost and time left; of use as a ratio only."""
        return current + self.replay_count(completed, current)

    def buffer_bytes(self) -> int:
        """Bytes of the samples stored now."""
        return 0 if self.buffer is None else self.buffer.bytes

    def preview(self, n: int, streams: Streams) -> Examples | None:
        """Up to ``n`` samples, with hard labels, of what would be replayed next; None where nothing is replayed."""
        return None

    def state_dict(self) -> dict[str, Tensor]:
        """All that the next task needs, beside the configuration."""
        stored = {} if self.buffer is None else self.buffer.state_dict()
        return self.parts.state_dict() | {f"buffer.{name}": tensor for name, tensor in stored.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave.

        Raises:
            RuntimeError: A tensor is missing or has another shape.
        """
        for slot, module in self.parts.modules.items():
            module.load_state_dict(_below(f"{slot}.", state))
        if self.buffer is not None:
            self.buffer.load_state_dict(_below("buffer.", state))

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        classifier = self.parts.classifier
        tensors = chain(classifier.parameters(), classifier.buffers())
        return next((tensor.device for tensor in tensors), torch.device("cpu"))


def _below(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries whose names begin with ``prefix``, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
