"""A replay buffer of stored images, balanced over the classes."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cltk.errors import ConfigError
from cltk.interfaces.component import ScenarioInfo
from cltk.interfaces.examples import Examples
from cltk.interfaces.scenario import Task
from cltk.interfaces.streams import Streams

__all__ = ["Buffer", "require_capacity"]


class Buffer:
    """At most ``capacity`` images, as many of each class of each task as there is room for; stored as bytes.

    When classes arrive, those stored give up a random part of theirs (greedy balancing sampler). Where there is not
    room for one more of each, those of the newest task come first. Tasks that share their classes are told apart, so
    that a new task does not push out the earlier ones.

    Source: Prabhu, Torr & Dokania 2020, GDumb, DOI 10.1007/978-3-030-58536-5_31.

    Args:
        capacity: Number of images.
        shape: (C, H, W) of an image.
        device: Where they are stored.

    Attributes:
        tells_tasks: Whether samples come back with the task that they are of; the engine sets it in the
            task-incremental setting.
    """

    tells_tasks = False

    def __init__(self, capacity: int, shape: tuple[int, int, int], device: torch.device) -> None:
        self.capacity = capacity
        self._x = torch.empty((0, *shape), dtype=torch.uint8, device=device)
        self._y = torch.empty(0, dtype=torch.int64, device=device)
        self._task = torch.empty(0, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self._y)

    @property
    def bytes(self) -> int:
        """Bytes stored, images and labels."""
        return self._x.nbytes + self._y.nbytes

    def add(self, task: Task, streams: Streams) -> None:
        """Takes a random part of the training samples of ``task``, and gives up a random part of what is stored."""
        examples = task.train
        x = torch.cat([self._x, (examples.x * 255).round().to(torch.uint8)])
        y = torch.cat([self._y, examples.y])
        tasks = torch.cat([self._task, torch.full_like(examples.y, task.index)])
        order = torch.randperm(len(y), generator=streams.generator("buffer"), device=y.device)
        groups = zip(tasks[order].tolist(), y[order].tolist(), strict=True)
        kept = _balanced(list(groups), self.capacity)
        index = order[torch.tensor(kept, dtype=torch.int64, device=y.device)]
        self._x, self._y, self._task = x[index], y[index], tasks[index]

    def all(self) -> Examples:
        """Everything that is stored, as float32 in [0, 1]."""
        return self._examples(slice(None))

    def draw(self, n: int | Tensor, rng: torch.Generator) -> Examples:
        """Samples with replacement.

        Args:
            n: How many; the buffer must not be empty unless it is 0. Or the labels that they are to have, (n,) int64,
                each of them stored.
            rng: The source of all randomness.
        """
        if isinstance(n, int):
            index = torch.randint(max(len(self), 1), (n,), generator=rng, device=self._y.device)
        else:
            index = torch.empty_like(n)
            for label in sorted(set(n.tolist())):
                stored, places = (self._y == label).nonzero().flatten(), n == label
                chosen = torch.randint(len(stored), (int(places.sum()),), generator=rng, device=self._y.device)
                index[places] = stored[chosen]
        return self._examples(index)

    def _examples(self, index: Tensor | slice) -> Examples:
        task = self._task[index] if self.tells_tasks else None
        return Examples(self._x[index].float() / 255, self._y[index], task=task)

    def state_dict(self) -> dict[str, Tensor]:
        """What is stored."""
        return {"x": self._x, "y": self._y, "task": self._task}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave."""
        device = self._y.device
        self._x, self._y, self._task = (state[name].to(device) for name in ("x", "y", "task"))


def require_capacity(capacity: int, info: ScenarioInfo) -> None:
    """Refuses to store fewer images than there are classes: of some, nothing would be left.

    Args:
        capacity: Number of images.
        info: What the scenario says of itself.

    Raises:
        ConfigError: There are more classes than images.
    """
    classes = len(info.seen(info.tasks))
    if capacity < classes:
        raise ConfigError(
            f"A buffer of {capacity} images is too small for the {classes} classes of the scenario.",
            "Give it room for at least one image of each class.",
        )


def _balanced(groups: list[tuple[int, int]], capacity: int) -> list[int]:
    """The positions to keep: rounds of one of each (task, class), until the capacity is reached.

    Each round takes the newest tasks first, and within a task goes by position.
    """
    seen: dict[tuple[int, int], int] = {}
    ranked = []
    for position, group in enumerate(groups):
        seen[group] = seen.get(group, 0) + 1
        ranked.append((seen[group], -group[0], position))
    return [position for _, _, position in sorted(ranked)[:capacity]]
