"""What the strategies of this package share: one network that learns to classify, to generate and to replay."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from cltk.errors import ConfigError
from cltk.interfaces import (
    Active,
    Amount,
    Drawn,
    Examples,
    Parts,
    Phase,
    ScenarioInfo,
    Strategy,
    Streams,
    Task,
    Train,
    draw_amount,
    mix_replay,
    total,
)
from cltk_feedback.decoder import Decoder
from cltk_feedback.network import FeedbackNetwork
from cltk_feedback.priors import ClassPrior, Prior, StandardPrior
from cltk_feedback.settings import DistilledReplay, NetworkSettings
from cltk_feedback.teacher import Teacher

__all__ = ["JointReplay"]


class JointReplay(Strategy, ABC):
    """Trains one network on the current task and on what a frozen copy of it generates.

    The loss of a sample is the negative evidence lower bound divided by the number of pixels, plus cross-entropy with
    its label or distillation.

    Args:
        config: Sizes, replay and budget.
        info: What the scenario says of itself.
        parts: The schedule.
        conditional: Whether each class has a prior of its own.
        gates: The share of hidden units of the decoder that a class switches off.
        shares_encoder: Whether the classifier reads the encoder.
    """

    slots = ("schedule",)
    config: NetworkSettings

    def __init__(
        self,
        config: NetworkSettings,
        info: ScenarioInfo,
        parts: Parts,
        *,
        conditional: bool = False,
        gates: float = 0.0,
        shares_encoder: bool = True,
    ) -> None:
        super().__init__(config, info, parts)
        latent_dim = config.latent_dim
        prior: Prior = ClassPrior(info.outputs, latent_dim) if conditional else StandardPrior(latent_dim)
        decoder = Decoder((latent_dim, *reversed(config.hidden), info.pixels), info.outputs, gates)
        network = FeedbackNetwork(info, config.hidden, prior, decoder, latent_dim, shares_encoder=shares_encoder)
        self.network = network.to(self.device)
        self._begun = 0

    @property
    def active(self) -> Active:
        """As set for replay."""
        return self.config.replay.active

    def begin_task(self, classes: Sequence[int]) -> None:
        """Counts the tasks that began."""
        super().begin_task(classes)
        self._begun += 1

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the network's phase."""
        training, replay = self.config.network, self.config.replay
        draw = Teacher(self.network, self.info, task.index, replay).draw
        amount = self.scheduled(task.index, len(task.train))
        weights = replay.weights(task.index, len(task.train), total(amount))
        source = draw_amount(draw, amount, streams.generator("replay")) if replay.refresh == "task" else draw
        batches = mix_replay(task.train, source, amount, training.batch_size, weights)
        if replay.images == "all-drawn":
            batches = Drawn(batches)
        yield Train("network", self.network, batches, self._loss, training, lambda: self._problems(task.train.x[:1000]))

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """The logits (B, K); minus infinity for classes that are not active yet."""
        return self.competing(self.network.classify(x))

    def replay_count(self, completed: int, current: int) -> int:
        """What the schedule says; 0 at the first task."""
        return total(self.scheduled(completed, current))

    def scheduled(self, completed: int, current: int) -> Amount:
        """What the schedule says; 0 at the first task.

        Raises:
            ConfigError: It counts by class, and images are drawn from no class.
        """
        amount = super().scheduled(completed, current)
        if isinstance(amount, Mapping) and not self.network.is_conditional:
            raise ConfigError(
                f"The schedule counts by class, but {type(self).__name__} draws no images of a class.",
                "Choose brain-inspired-replay with a conditional prior or gates, or another schedule.",
            )
        return amount

    def preview(self, n: int, streams: Streams) -> Examples | None:
        """Samples of the network as it is now, with the most likely of the classes learned.

        In the task-incremental setting, where each task has one, it is that of the task which is surest of its own.
        """
        replay = self.config.replay
        shown_as = DistilledReplay(temperature=replay.temperature, images=replay.images)
        shown = Teacher(self.network, self.info, self._begun, shown_as).draw(n, streams.generator("preview"))
        assert shown.soft is not None
        return replace(shown, y=shown.soft.argmax(1), soft=shown.soft if self.info.setting == "task" else None)

    def _loss(self, batch: Examples, rng: torch.Generator) -> Tensor:
        targets = F.one_hot(batch.y.clamp_min(0), self.info.outputs).float()
        if batch.soft is not None:
            targets = torch.where((batch.y >= 0)[:, None], targets, batch.soft)
        logits, negative_bound = self.network(batch.x, targets, rng)
        replay = self.config.replay
        # Hard labels of several tasks are soft targets, too, but no probabilities at that temperature.
        temperature = replay.temperature if replay.labels == "soft" else 1.0
        classification = self.classification_loss(logits, batch, temperature, is_scaled=replay.scaled)
        loss: Tensor = classification + negative_bound / self.info.pixels
        return loss

    def _problems(self, x: Tensor) -> Sequence[str]:
        if self.network.active_units(x):
            return ()
        return (f"posterior collapse: none of the {self.config.latent_dim} latent units is active",)
