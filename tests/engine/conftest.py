"""A strategy, a classifier and tasks as small as they can be, to see what the engine does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cltk.config import Settings
from cltk.engine import Run
from cltk.interfaces import (
    Classifier,
    Examples,
    Fit,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Train,
    Training,
)

SIZES = (12, 8, 10)


class Tiny(Classifier):
    """One linear layer with dropout, which draws from the global generator."""

    def __init__(self, info: ScenarioInfo) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(info.pixels, info.outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # type: ignore[no-any-return]


class Budget(Settings):
    """The settings of ``Scripted``."""

    classifier: Training


class Scripted(Strategy):
    """Trains the classifier with whatever loss and batches it was given, and fits when asked to."""

    def __init__(
        self,
        info: ScenarioInfo,
        parts: Parts,
        training: Training,
        loss: Callable[[int, Tensor], Tensor] | None = None,
        weights: Sequence[float] | None = None,
        fits: list[Examples] | None = None,
    ) -> None:
        super().__init__(Budget(classifier=training), info, parts)
        self.training, self.change, self.weights, self.fits = training, loss, weights, fits
        self.steps = 0

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        examples = task.train
        if self.weights is not None:
            examples = Examples(examples.x, examples.y, torch.tensor(self.weights[: len(examples)]))
        batches = Shuffled(examples, self.training.batch_size)
        phase = self.classifier_phase(batches, self.training)

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            self.steps += 1
            losses = phase.loss(batch, rng)
            return losses if self.change is None else self.change(self.steps, losses)

        yield Train("classifier", phase.module, batches, loss, self.training, lambda: (f"task {task.index} is odd",))
        if self.fits is not None:
            fits = self.fits
            yield Fit("statistics", phase.module, batches, lambda samples, rng: fits.append(samples))


@pytest.fixture
def make_run() -> Callable[..., Run]:
    def make(seed: int = 0, training: Training | None = None, **settings: Any) -> Run:
        options = {name: settings.pop(name) for name in ("precision", "stop_on_divergence") if name in settings}
        rng = torch.Generator().manual_seed(0)
        classes = tuple((2 * task, 2 * task + 1) for task in range(len(SIZES)))
        info = ScenarioInfo((1, 2, 2), 2 * len(SIZES), SIZES, classes, "class")

        def part(task: int, size: int) -> Examples:
            return Examples(torch.rand((size, 1, 2, 2), generator=rng), 2 * task + torch.arange(size) % 2)

        tasks = [
            Task(task, classes[task], part(task, size), part(task, 4), part(task, 6)) for task, size in enumerate(SIZES)
        ]
        streams = Streams(seed)
        with streams.scope("init"):
            classifier = Tiny(info)
        training = training or Training(epochs=2, min_steps=0, batch_size=5)
        return Run(
            info, tasks, Scripted(info, Parts({"classifier": classifier}), training, **settings), streams, **options
        )

    return make
