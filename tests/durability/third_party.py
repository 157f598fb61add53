"""Three strategies as others write them, each of which keeps something that is easily lost."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces import Phase, Shuffled, Strategy, Streams, Task, Train, Training
from cltk.interfaces.component import ScenarioInfo
from cltk.interfaces.examples import Examples
from cltk.interfaces.parts import Parts
from cltk.registry import forget

__all__ = ["NAMES", "Growing", "Ordered", "WithExtras", "installed_in"]

NAMES = ("with-extras", "ordered", "growing")


class _Budget(Settings):
    classifier: Training = Field(Training(), description="budget of the network")


class WithExtras(Strategy):
    """Pulls the weights towards their average over tasks, which it keeps with the number of tasks.

    Source: none; a test.
    """

    Config = _Budget
    config: _Budget

    def __init__(self, config: Settings, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.learned = torch.zeros((), dtype=torch.int64)
        self.average = [torch.zeros_like(weight) for weight in parts.classifier.parameters()]

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        training = self.config.classifier
        phase = self.classifier_phase(Shuffled(task.train, training.batch_size), training)
        original = phase.loss

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            weights = self.parts.classifier.parameters()
            pull = sum(((w - a) ** 2).sum() for w, a in zip(weights, self.average, strict=True))
            return original(batch, rng) + 0.01 * self.learned * pull

        yield replace(phase, loss=loss)
        self.learned = self.learned + 1
        for kept, weight in zip(self.average, self.parts.classifier.parameters(), strict=True):
            kept.add_((weight.detach() - kept) / self.learned)

    def state_dict(self) -> dict[str, Tensor]:
        return {"learned": self.learned} | {f"average.{i}": kept for i, kept in enumerate(self.average)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.learned = state["learned"].clone()
        self.average = [state[f"average.{i}"].clone() for i in range(len(self.average))]


class Ordered(Strategy):
    """Replays samples in the order in which it last saw their classes, the oldest first.

    Source: none; a test.
    """

    Config = _Budget
    config: _Budget

    def __init__(self, config: Settings, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.seen: OrderedDict[int, Tensor] = OrderedDict()

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        training = self.config.classifier
        x, y = task.train.x, task.train.y
        for label, images in list(self.seen.items())[:3]:
            x = torch.cat([x, images])
            y = torch.cat([y, torch.full((len(images),), label)])
            self.seen.move_to_end(label)
        yield self.classifier_phase(Shuffled(Examples(x, y), training.batch_size), training)
        order = torch.randperm(len(task.classes), generator=streams.generator("order")).tolist()
        for label in (task.classes[i] for i in order):
            self.seen[label] = task.train.x[task.train.y == label][:5]

    def state_dict(self) -> dict[str, Tensor]:
        return {str(label): images for label, images in self.seen.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.seen = OrderedDict((int(label), images) for label, images in state.items())


class Growing(Strategy):
    """Adds a column of hidden units for each task, and reads all of them.

    Source: none; a test.
    """

    slots = ()
    Config = _Budget
    config: _Budget

    def __init__(self, config: Settings, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.columns = nn.ModuleList()
        self.heads = nn.ModuleList()

    def begin_task(self, classes: Sequence[int]) -> None:
        self.columns.append(nn.Sequential(nn.Flatten(), nn.Linear(self.info.pixels, 8), nn.ReLU()))
        self.heads.append(nn.Linear(8, self.info.outputs))

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        training = self.config.classifier
        network = nn.ModuleList([self.columns, self.heads])

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            return self.classification_loss(self._logits(batch.x), batch)

        yield Train("network", network, Shuffled(task.train, training.batch_size), loss, training)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        return self._logits(x)

    def _logits(self, x: Tensor) -> Tensor:
        logits = x.new_zeros(len(x), self.info.outputs)  # What is asked before the first task has no column.
        for column, head in zip(self.columns, self.heads, strict=True):
            logits = logits + head(column(x))
        return logits


@contextmanager
def installed_in(folder: Path) -> Iterator[None]:
    """Installs them as a distribution of their own, below ``folder``."""
    metadata = folder / "others-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\nRequires-Dist: cltk-core\n")
    classes = zip(NAMES, ("WithExtras", "Ordered", "Growing"), strict=True)
    lines = [f"{name} = {__name__}:{of}" for name, of in classes]
    (metadata / "entry_points.txt").write_text("\n".join(["[cltk.strategies]", *lines, ""]))
    sys.path.insert(0, str(folder))
    forget()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        forget()
