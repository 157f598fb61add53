"""Elastic weight consolidation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces import (
    Examples,
    Parts,
    Phase,
    Published,
    ScenarioInfo,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Training,
    evaluating,
)
from cltk_regularisation.fisher import diagonal_fisher
from cltk_regularisation.penalty import QuadraticPenalty

__all__ = ["EWC"]


class EWC(Strategy):
    """Pulls each weight back to its value after earlier tasks, as strongly as those depend on it.

    The loss has the term strength / 2 * F * (weight - anchor)², with the diagonal F of the Fisher information that the
    classifier has of a task's images.

    Source: Kirkpatrick et al. 2017, arXiv 1612.00796; online: Schwarz et al. 2018, arXiv 1805.06370, with the
    classifier itself in the place of their knowledge base.

    Deviations: the Fisher information is exact, but of some of a task's images alone. The penalties of several tasks
    are kept as one with the same gradient, so that what is stored does not grow: its anchor is the mean of theirs,
    weighted by importance. Online, earlier importance decays when that of a task is added to it, and not in the
    penalty, too; nor is the information of each task normalised. The strength is what they have for Atari games; for
    MNIST they give none.
    """

    published = (
        Published(
            "class-incremental Split MNIST",
            0.1990,
            "van de Ven & Tolias 2018, arXiv 1809.10635",
            study="published-split-mnist",
            cell="EWC",
        ),
    )

    class Config(Settings):
        """The penalty, and the classifier's budget."""

        strength: NonNegativeFloat = Field(400.0, description="weight of the penalty (lambda)")
        online: bool = Field(False, description="pull towards the last task alone, with the importance of all")
        decay: float = Field(
            1.0, ge=0, le=1, description="what remains of earlier importance when a task is over; online"
        )
        samples: PositiveInt = Field(200, description="images of each task that importance is measured on")
        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

        def without_effect(self) -> Mapping[str, str]:
            """The decay of importance that is kept for each task."""
            return {} if self.online else {"decay": "the importance of each task is kept as it is unless online"}

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self._penalty = QuadraticPenalty()

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the classifier's usual phase with the penalty on top, then measures what the task depends on."""
        classifier, training = self.parts.classifier, self.config.classifier
        phase = self.classifier_phase(Shuffled(task.train, training.batch_size), training)

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            return phase.loss(batch, rng) + self.config.strength / 2 * self._penalty.value(classifier)

        yield replace(phase, loss=loss) if task.index else phase
        rng = streams.generator("importance")
        chosen = torch.randperm(len(task.train), generator=rng, device=rng.device)[: self.config.samples]
        with evaluating(classifier):
            self._consolidate(self._importance(task.train[chosen], task.classes))

    def state_dict(self) -> dict[str, Tensor]:
        """The penalty."""
        return self._penalty.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the penalty."""
        self._penalty.load_state_dict(state)

    def _importance(self, examples: Examples, classes: tuple[int, ...]) -> dict[str, Tensor]:
        """The Fisher information, over the classes that compete for a sample in training."""
        competing = torch.tensor(
            classes if self.info.setting == "task" else range(self.info.outputs), device=self.device
        )
        classifier = self.parts.classifier

        def log_probabilities(sample: Examples) -> Tensor:
            each = replace(sample[torch.zeros_like(competing)], y=competing)
            logits = classifier(sample.x).expand(len(competing), -1)
            return -self.classification_loss(logits, each)

        return diagonal_fisher(classifier, log_probabilities, examples)

    def _consolidate(self, importance: Mapping[str, Tensor]) -> None:
        """Adds the penalty of a task that is over."""
        penalty, decay = self._penalty, self.config.decay if self.config.online else 1.0
        for name, weight in self.parts.classifier.named_parameters():
            if name not in importance:
                continue
            before = decay * penalty.earlier_importance(name, weight)
            total, here = before + importance[name], weight.detach().clone()
            if not self.config.online and name in penalty.anchor and before.any():
                # The sum of two parabolas is one around their weighted mean, up to a constant.
                share = torch.where(total > 0, importance[name] / total, 1.0)
                here = torch.lerp(penalty.anchor[name], here, share)
            penalty.importance[name], penalty.anchor[name] = total, here
