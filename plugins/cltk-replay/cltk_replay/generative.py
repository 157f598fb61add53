"""Deep generative replay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Self

import torch
from pydantic import Field, PositiveFloat, model_validator
from torch import Tensor

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces import (
    Amount,
    Batches,
    ConditionalGenerator,
    Examples,
    Parts,
    Phase,
    Replay,
    ScenarioInfo,
    Strategy,
    Streams,
    Task,
    Training,
    draw_amount,
    mix_replay,
    total,
)
from cltk_replay.teacher import Labels, Teacher

__all__ = ["GenerativeReplay"]


class LabelledReplay(Replay):
    """How replayed samples join the task, and how they are labelled."""

    labels: Literal["hard", "soft", "own"] = Field(
        "hard",
        description="the classifier's most likely class, its probabilities (distillation), or the generator's own",
    )
    temperature: PositiveFloat = Field(2.0, description="of the softmax behind soft labels")
    # Where these three have their defaults they are left out, as in configurations of before there were any.
    scaled: bool = Field(
        True,
        exclude_if=lambda value: value is True,
        description="multiply the loss of soft labels by the squared temperature, as the code of van de Ven & Tolias "
        "2018 to 2021 does; that of van de Ven, Tuytelaars & Tolias 2022 does not",
    )
    targets: Literal["learned", "all"] = Field(
        "learned",
        exclude_if=lambda value: value == "learned",
        description="soft labels give the classes learned before the task all probability and its new ones none (van "
        "de Ven & Tolias 2018); or the softmax is over all units (today's default of their code)",
    )
    active: Literal["all", "so-far"] = Field(
        "all",
        exclude_if=lambda value: value == "all",
        description="class-incremental: the units that compete in training, all (today's default of their code) or "
        "those of the classes so far (van de Ven & Tolias 2018)",
    )

    @model_validator(mode="after")
    def _targets_are_active(self) -> Self:
        if self.targets == "all" and self.active == "so-far":
            raise ValueError('targets = "all" needs active = "all": other units would have targets but no probability')
        return self


class GenerativeReplay(Strategy):
    """Trains a classifier and a generator on the current task and on generated samples of the earlier ones.

    From the second task on, samples are drawn from a copy of the generator, frozen as it was after the previous task,
    and labelled by a copy of the classifier, frozen likewise. The classifier learns first, then the generator.

    Source: Shin et al. 2017, arXiv 1705.08690. With ``refresh = "iteration"`` and ``weighting = "task"``:
    genovese-2024 (after van de Ven & Tolias 2018, arXiv 1809.10635). With ``refresh = "task"`` and
    ``weighting = "sample"``: devoto-2024, where a replay set joins the data, S = S0 + T * S_t. Soft labels: van de Ven
    & Tolias 2018, with temperature 2; ``scaled``, ``targets`` and ``active`` are where their code disagrees with itself
    over the years. The task-incremental setting: van de Ven & Tolias 2019, arXiv 1904.07734, where
    each earlier task labels every replayed image within its own classes, and the loss of replay is their mean.

    Deviations: labels are chosen among the classes learned so far alone, unless ``targets`` says otherwise. A
    class-conditional generator may label its samples itself; in the task-incremental setting it learns from its own
    labels, as those of the classifier differ from task to task.
    """

    slots = ("classifier", "generator", "schedule")

    class Config(Settings):
        """Replay, and the budgets of both networks; by default genovese-2024's 5 and 50 epochs."""

        replay: LabelledReplay = Field(LabelledReplay(), description="how replayed samples join the task")
        classifier: Training = Field(Training(min_steps=500), description="budget and optimizer of the classifier")
        generator: Training = Field(
            Training(epochs=50, min_steps=500, lr=3e-3), description="budget and optimizer of the generator"
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self._learned = 0
        limits = config.replay.active == "so-far" and info.setting == "class"
        self._inactive = torch.full((info.outputs,), limits, device=self.device)
        conditional = isinstance(parts.generator, ConditionalGenerator)
        if config.replay.labels == "own" and not conditional:
            raise ConfigError(
                f"Replay cannot have the generator's own labels: {type(parts.generator).__name__} draws none.",
                "Choose --strategy.replay.labels hard or soft, or a class-conditional generator.",
            )
        if info.setting == "task" and parts.generator.labels == "hard" and not conditional:
            raise ConfigError(
                f"{type(parts.generator).__name__} reads labels, but replay has one for each task here.",
                "Choose a generator that reads none or draws its own, or another setting.",
            )

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the classifier's phase, then the generator's."""
        generator, replay = self.parts.generator, self.config.replay
        own = replay.labels == "own" or (generator.labels == "hard" and self.info.setting == "task")
        teacher = self._teacher(task.index)
        replay_set = None
        if replay.refresh == "task":
            amount = self.scheduled(task.index, len(task.train))
            drawn: Labels = "own" if own else "none"
            replay_set = draw_amount(lambda n, rng: teacher.draw(n, rng, drawn), amount, streams.generator("replay"))

        training = self.config.classifier
        batches = self._batches(task, teacher, replay_set, replay.labels, training.batch_size)
        # Hard labels of several tasks are soft targets, too, but no probabilities at that temperature.
        temperature = replay.temperature if replay.labels == "soft" else 1.0
        yield self.classifier_phase(batches, training, temperature)

        training = self.config.generator
        labels: Labels = "own" if own else generator.labels
        batches = self._batches(task, teacher, replay_set, labels, training.batch_size)
        self._learned = task.index + 1
        phase = generator.phase(batches, training)
        yield replace(phase, problems=lambda: generator.problems(task.train.x[:1000]))

    def begin_task(self, classes: Sequence[int]) -> None:
        """The classes of the task become active."""
        super().begin_task(classes)
        self._inactive[list(classes)] = False

    def classification_loss(
        self, logits: Tensor, batch: Examples, temperature: float = 1.0, *, is_scaled: bool = True
    ) -> Tensor:
        """As of every strategy, among the active classes, (B,) nats."""
        is_scaled = is_scaled and self.config.replay.scaled
        return super().classification_loss(self._competing(logits), batch, temperature, is_scaled=is_scaled)

    def predict(self, x: Tensor) -> Tensor:
        """The classifier's logits (B, K); minus infinity for classes that are not active yet."""
        return self._competing(super().predict(x))

    def replay_count(self, completed: int, current: int) -> int:
        """What the schedule says; 0 at the first task."""
        return total(self.scheduled(completed, current))

    def scheduled(self, completed: int, current: int) -> Amount:
        """What the schedule says; 0 at the first task.

        Raises:
            ConfigError: It counts by class, and the generator cannot draw samples of a class.
        """
        amount = super().scheduled(completed, current)
        if isinstance(amount, Mapping) and not isinstance(self.parts.generator, ConditionalGenerator):
            raise ConfigError(
                f"The schedule counts by class, but {type(self.parts.generator).__name__} draws no samples of a class.",
                "Choose a class-conditional generator, or a schedule that gives one number.",
            )
        return amount

    def preview(self, n: int, streams: Streams) -> Examples:
        """Samples of the generator as it is now, with hard labels of the classifier as it is now, or with their own.

        Where they have one for each task, ``y`` is that of the task which is surest of its own.
        """
        labels: Labels = "own" if self.config.replay.labels == "own" else "hard"
        teacher = self._teacher(self._learned)
        shown = teacher.draw(n, streams.generator("preview"), labels)
        if shown.soft is None:
            return shown
        probabilities = teacher.label(shown, "soft").soft
        assert probabilities is not None
        return replace(shown, y=probabilities.argmax(1))

    def _competing(self, logits: Tensor) -> Tensor:
        return logits.masked_fill(self._inactive, float("-inf"))

    def _teacher(self, completed: int) -> Teacher:
        replay = self.config.replay
        return Teacher(self, completed, replay.temperature, softens_all=replay.targets == "all")

    def _batches(
        self, task: Task, teacher: Teacher, replay_set: Examples | None, labels: Labels, batch_size: int
    ) -> Batches:
        current, amount = task.train, self.scheduled(task.index, len(task.train))
        weights = self.config.replay.weights(task.index, len(current), total(amount))
        if replay_set is not None:
            return mix_replay(current, teacher.label(replay_set, labels), amount, batch_size, weights)
        return mix_replay(current, lambda n, rng: teacher.draw(n, rng, labels), amount, batch_size, weights)
