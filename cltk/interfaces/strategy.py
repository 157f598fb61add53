"""The strategy: what is trained on what, task after task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor, nn

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces.active import Active, ActiveUnits
from cltk.interfaces.batches import Batches
from cltk.interfaces.buffer import Buffer
from cltk.interfaces.classifier import Classifier
from cltk.interfaces.component import Component, ScenarioInfo
from cltk.interfaces.examples import Examples
from cltk.interfaces.generator import Generator
from cltk.interfaces.losses import classification_loss, task_masks
from cltk.interfaces.networks import evaluating, find_networks
from cltk.interfaces.parts import Parts, SlotName
from cltk.interfaces.past import Past
from cltk.interfaces.phase import Phase, Train
from cltk.interfaces.scenario import Task
from cltk.interfaces.schedule import Amount
from cltk.interfaces.streams import Streams
from cltk.interfaces.training import Training

__all__ = ["Strategy"]


class Strategy(Component, ABC):
    """Learns the tasks one after the other. Built as ``Strategy(config, info, parts)``.

    A strategy trains nothing itself: it says what is to be trained, and the engine does it.

    Attributes:
        slots: The slots that it uses; none of them is compulsory. A component given for another slot is an error.
        needs: The class that a slot needs, where not any will do, such as ``{"classifier": NearestMean}``: it is chosen
            where none is named. It has an entry point like any other.
        gives_logits: Whether a softmax of what ``predict`` returns gives probabilities, as soft labels need it.
        buffer: Its stored samples, where it stores any.
        past: What came of the tasks that are finished, where its schedule asks for it; the engine sets it after each
            task, and ``scheduled`` reads it.
        optimizer_state: What the optimizers remembered at the end of each phase whose ``training`` does not reset them,
            by the name of the phase; the engine sets and reads it, and a strategy has no use for it.

    The engine keeps the networks in the slots, those that the strategy holds in attributes of its own (or in lists,
    deques and mappings of such), and the buffer: it saves them, restores them and weighs them. Networks are made in
    ``__init__``. What else the next task needs, parameters outside of networks too, goes into ``state_dict``.
    """

    slots: ClassVar[tuple[SlotName, ...]] = ("classifier",)
    needs: ClassVar[Mapping[SlotName, type[Component]]] = {}
    gives_logits: ClassVar[bool] = True
    buffer: Buffer | None = None
    past: Past = Past()
    optimizer_state: Mapping[str, Tensor] = MappingProxyType({})

    def __init__(self, config: Settings, info: ScenarioInfo, parts: Parts) -> None:
        self.config = config
        self.info = info
        self.parts = parts
        masked = task_masks(info)
        self._masked = None if masked is None else masked.to(self.device)
        self._active_units = ActiveUnits(info, self.active, self.device)

    @property
    def active(self) -> Active:
        """Which output units compete in the class-incremental setting; by default, those of classes to come do too."""
        return "all"

    @abstractmethod
    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields what is to be trained for a task, in order; the engine trains each before it asks for the next.

        Only ``task.train`` may be read, and of earlier tasks only what the strategy kept itself.
        """

    def begin_task(self, classes: Sequence[int]) -> None:
        """Is told which classes the next task has, before ``phases``; also before the state of a later task comes back.

        By default it tells the networks in its slots. Networks of its own may grow here.
        """
        self._active_units.add(classes)
        for network in self.parts.modules.values():
            if isinstance(network, Classifier | Generator):
                network.begin_task(classes)

    def classifier_phase(self, batches: Batches, training: Training, temperature: float = 1.0) -> Train:
        """The phase that trains the classifier on hard and soft labels, as ``classification_loss`` describes."""
        classifier = self.parts.classifier

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            return self.classification_loss(classifier(batch.x), batch, temperature)

        return Train("classifier", classifier, batches, loss, training)

    def classification_loss(
        self, logits: Tensor, batch: Examples, temperature: float = 1.0, *, is_scaled: bool = True
    ) -> Tensor:
        """What the function of that name gives for logits (B, K), with the masks of the setting: (B,) nats."""
        return classification_loss(self.competing(logits), batch, self._masked, temperature, is_scaled=is_scaled)

    def competing(self, logits: Tensor) -> Tensor:
        """The logits (B, K), minus infinity for the units of classes to come where those are not ``active``."""
        return self._active_units.competing(logits)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """Scores every class; by default the logits of the classifier in evaluation mode, of the units that compete.

        Accuracy, confusion and labels of replay are taken from it. All networks are in evaluation mode when the engine
        calls it, and in a frozen copy; who calls it in the midst of training, uses ``evaluating``.

        Args:
            x: (B, C, H, W) float32 in [0, 1].

        Returns:
            (B, K) scores, the highest of which is the prediction; logits unless ``gives_logits`` says otherwise.
        """
        classifier = self.parts.classifier
        with evaluating(classifier):
            return self.competing(classifier(x))

    @property
    def is_adaptive(self) -> bool:
        """Whether the amount of replay is decided while it runs, from what came of the tasks before."""
        return "schedule" in self.parts.slots and self.parts.schedule.is_adaptive

    def scheduled(self, completed: int, current: int) -> Amount:
        """What the schedule says of a task of ``current`` samples, after ``completed`` tasks; 0 at the first task.

        Raises:
            ConfigError: It asks for samples of a class that was not learned.
        """
        if not completed:
            return 0
        past = (self.past,) if self.is_adaptive else ()
        amount = self.parts.schedule.count(completed, current, *past)
        strange = sorted({*amount} - {*self.info.seen(completed)}) if isinstance(amount, Mapping) else []
        if strange:
            raise ConfigError(
                f"The schedule asks for replay of the classes {strange} after task {completed}.",
                f"Learned by then: {', '.join(map(str, self.info.seen(completed)))}.",
            )
        return amount

    def replay_count(self, completed: int, current: int) -> int:
        """Number of samples replayed in an epoch of a task of ``current`` samples, after ``completed`` tasks."""
        return 0

    def buffer_bytes(self) -> int:
        """Bytes of the samples stored now."""
        return 0 if self.buffer is None else self.buffer.bytes

    def preview(self, n: int, streams: Streams) -> Examples | None:
        """Up to ``n`` samples, with hard labels, of what would be replayed next; None where nothing is replayed.

        Coverage is judged by their soft targets where they have such, as where each task has labels of its own.
        """
        return None

    def state_dict(self) -> dict[str, Tensor]:
        """What the next task needs beside networks and buffer, which the engine keeps itself; nothing by default.

        Saved after each task and within it, weighed as ``extras``, and given back in the order in which it is here. Of
        what is in it, say what ``load_state_dict`` does with it.
        """
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave; networks and buffer are as they were by then.

        It may be called while ``phases`` is under way, so code in there reads from ``self`` what training changes.

        Args:
            state: Tensors of its own to keep, on the device of the strategy.
        """

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks that it holds: those in its slots, and those in other attributes, by their paths."""
        own = {name: value for name, value in vars(self).items() if name != "parts"}
        return find_networks({**self.parts.modules, "module": own})

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.parts.device
