"""Deep generative replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import torch
from pydantic import Field
from torch import Tensor

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces import (
    Active,
    Amount,
    Batches,
    ConditionalGenerator,
    Drawn,
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
    draw_amount,
    mix_replay,
    total,
)
from cltk_replay.settings import GeneratedReplay
from cltk_replay.teacher import Labels, Teacher

__all__ = ["GenerativeReplay"]

Mix = Callable[[Examples, Labels, Training], Batches]
"""From samples of a task, the labels that replay is to have and a budget to the batches of a phase."""


class GenerativeReplay(Strategy):
    """Trains a classifier and a generator on the current task and on generated samples of the earlier ones.

    From the second task on, samples are drawn from a copy of the generator, frozen as it was after the previous task,
    and labelled by a copy of the classifier, frozen likewise. The classifier learns first, then the generator.

    Source: Shin et al. 2017, arXiv 1705.08690. With ``refresh = "iteration"``, ``weighting = "task"`` and ``images =
    "mean"``: genovese-2024 (after van de Ven & Tolias 2018, arXiv 1809.10635). With ``refresh = "task"``, ``weighting
    = "sample"`` and ``images = "mean"``: devoto-2024, where a replay set joins the data, S = S0 + T * S_t. Soft
    labels: van de Ven & Tolias 2018, with temperature 2; ``scaled``, ``targets`` and ``active`` are where their code
    disagrees with itself over the years. The task-incremental setting: van de Ven & Tolias 2019, arXiv 1904.07734,
    where each earlier task labels every replayed image within its own classes, and the loss of replay is their mean.

    Deviations: pixels are drawn from what the generator gives, unless ``images`` says ``mean``, as all of them do.
    Labels are chosen among the classes learned so far alone, unless ``targets`` says otherwise. A class-conditional
    generator may label its samples itself; in the task-incremental setting it learns from its own labels, as those of
    the classifier differ from task to task. The default budgets are not quite genovese-2024's, so that small data are
    learned too: both have ``min_steps``, which make six epochs of the classifier on Split MNIST (500 steps of 88 to 99
    an epoch), and the ``lr`` of the generator is three times as high; ``experiments/genovese-2024.toml`` has theirs.
    """

    slots = ("classifier", "generator", "schedule")

    published = (
        Published(
            "class-incremental Split MNIST, hard labels",
            0.9124,
            "van de Ven & Tolias 2018, arXiv 1809.10635",
            study="published-split-mnist",
            cell="generative replay, hard labels",
        ),
        Published(
            "class-incremental Split MNIST, distilled",
            0.9184,
            "van de Ven & Tolias 2018, arXiv 1809.10635",
            study="published-split-mnist",
            cell="generative replay, distilled",
        ),
    )

    class Config(Settings):
        """Replay, and the budgets of both networks; by default of genovese-2024's 5 and 50 epochs or more."""

        replay: GeneratedReplay = Field(GeneratedReplay(), description="how replayed samples join the task")
        classifier: Training = Field(Training(min_steps=500), description="budget and optimizer of the classifier")
        generator: Training = Field(
            Training(epochs=50, min_steps=500, lr=3e-3), description="budget and optimizer of the generator"
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self._learned = 0
        conditional = isinstance(parts.generator, ConditionalGenerator)
        if config.replay.labels == "own" and not conditional:
            raise ConfigError(
                f"Replay cannot have the generator's own labels: {type(parts.generator).__name__} draws none.",
                "Choose --strategy.replay.labels hard or soft, or a class-conditional generator.",
            )
        if config.replay.generated_current and not conditional:
            raise ConfigError(
                f"{type(parts.generator).__name__} draws no samples of a class, so none of the current ones.",
                "Leave --strategy.replay.generated-current at 0, or choose a class-conditional generator.",
            )
        if info.setting == "task" and parts.generator.labels == "hard" and not conditional:
            raise ConfigError(
                f"{type(parts.generator).__name__} reads labels, but replay has one for each task here.",
                "Choose a generator that reads none or draws its own, or another setting.",
            )

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the classifier's phase, then the generator's; the other way round where it shows current classes."""
        replay, teacher = self.config.replay, self._teacher(task.index)
        replay_set, amount = None, self.scheduled(task.index, len(task.train))
        if replay.refresh == "task":
            drawn: Labels = "own" if self._labels_itself else "none"
            replay_set = draw_amount(lambda n, rng: teacher.draw(n, rng, drawn), amount, streams.generator("replay"))

        def mixed(current: Examples, labels: Labels, training: Training) -> Batches:
            weights = replay.weights(task.index, len(current), total(amount))
            if replay_set is not None:
                return mix_replay(current, teacher.label(replay_set, labels), amount, training.batch_size, weights)

            def draw(n: int | Tensor, rng: torch.Generator) -> Examples:
                return teacher.draw(n, rng, labels)

            return mix_replay(current, draw, amount, training.batch_size, weights, replay.ahead)

        if replay.generated_current:
            yield from self._generator_phases(task, mixed)
            yield self._classifier_phase(self._beside_generated(task, streams), mixed)
        else:
            yield self._classifier_phase(task.train, mixed)
            yield from self._generator_phases(task, mixed)

    @property
    def _labels_itself(self) -> bool:
        """Whether replay for the generator has labels of its own."""
        reads = self.parts.generator.labels == "hard"
        return self.config.replay.labels == "own" or (reads and self.info.setting == "task")

    def _classifier_phase(self, current: Examples, mixed: Mix) -> Phase:
        training, replay = self.config.classifier, self.config.replay
        batches = mixed(current, replay.labels, training)
        if replay.images == "all-drawn":
            batches = Drawn(batches)
        # Hard labels of several tasks are soft targets, too, but no probabilities at that temperature.
        temperature = replay.temperature if replay.labels == "soft" else 1.0
        return self.classifier_phase(batches, training, temperature)

    def _generator_phases(self, task: Task, mixed: Mix) -> Iterator[Phase]:
        generator, training = self.parts.generator, self.config.generator
        if self.config.replay.rehearse_generator:
            labels: Labels = "own" if self._labels_itself else generator.labels
            batches = mixed(task.train, labels, training)
        else:
            batches = Shuffled(task.train, training.batch_size)
        self._learned = task.index + 1
        for phase in generator.phases(batches, training):
            yield replace(phase, problems=lambda: generator.problems(task.train.x[:1000]))

    def _beside_generated(self, task: Task, streams: Streams) -> Examples:
        """The samples of a task with generated ones of its classes among them, where there is replay beside them."""
        count = round(self.config.replay.generated_current * len(task.train))
        if not task.index or not count:
            return task.train
        classes = torch.tensor(task.classes, device=self.device)
        labels = classes.repeat(-(-count // len(classes)))[:count]
        generated = self._teacher(task.index + 1).draw(labels, streams.generator("current"), "own")
        if self.info.setting == "task":
            generated = replace(generated, task=torch.full_like(generated.y, task.index))
        return Examples.concat([task.train, generated])

    @property
    def active(self) -> Active:
        """As set for replay."""
        return self.config.replay.active

    def classification_loss(
        self, logits: Tensor, batch: Examples, temperature: float = 1.0, *, is_scaled: bool = True
    ) -> Tensor:
        """As of every strategy, (B,) nats."""
        is_scaled = is_scaled and self.config.replay.scaled
        return super().classification_loss(logits, batch, temperature, is_scaled=is_scaled)

    def replay_count(self, completed: int, current: int) -> int:
        """What the schedule says; 0 at the first task."""
        return total(self.scheduled(completed, current))

    def scheduled(self, completed: int, current: int) -> Amount:
        """What the schedule says, to which generated samples of current classes are current ones; 0 at the first task.

        Raises:
            ConfigError: It counts by class, and the generator cannot draw samples of a class.
        """
        shown = 1 + self.config.replay.generated_current
        amount = super().scheduled(completed, round(current * shown))
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

    def _teacher(self, completed: int) -> Teacher:
        return Teacher(self, completed, self.config.replay)
