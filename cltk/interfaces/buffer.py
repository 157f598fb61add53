"""A replay buffer of stored samples, balanced over the classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from cltk.errors import ConfigError
from cltk.interfaces.component import ScenarioInfo
from cltk.interfaces.examples import Examples
from cltk.interfaces.scenario import Task
from cltk.interfaces.streams import Streams

__all__ = ["Buffer", "require_capacity", "to_stored", "to_values"]


class Buffer:
    """At most ``capacity`` images, as many of each class of each task as there is room for.

    When classes arrive, those stored give up a random part of theirs (greedy balancing sampler). Where there is not
    room for one more of each, those of the newest task come first. Tasks that share their classes are told apart, so
    that a new task does not push out the earlier ones.

    Source: Prabhu, Torr & Dokania 2020, GDumb, DOI 10.1007/978-3-030-58536-5_31.

    Args:
        capacity: Number of images.
        info: What the scenario says of itself. In the task-incremental setting samples come back with their task.
        device: Where they are stored.
    """

    def __init__(self, capacity: int, info: ScenarioInfo, device: torch.device) -> None:
        self.capacity = capacity
        self._value_bytes = info.value_bytes
        self._tells_tasks = info.setting == "task"
        self._x = to_stored(torch.empty((0, *info.shape), device=device), info.value_bytes)
        self._y = torch.empty(0, dtype=torch.int64, device=device)
        # The task of a sample is stored where its label does not tell it.
        self._task_of_label = _task_of_label(info, device)
        self._task = torch.empty(0, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self._y)

    @property
    def bytes(self) -> int:
        """Bytes stored: images, labels, and tasks where labels do not tell them."""
        return sum(column.nbytes for column in self.state_dict().values())

    def add(self, task: Task, streams: Streams) -> None:
        """Takes a random part of the training samples of ``task``, and gives up a random part of what is stored."""
        examples = task.train
        x = torch.cat([self._x, to_stored(examples.x, self._value_bytes)])
        y = torch.cat([self._y, examples.y])
        tasks = torch.cat([self._tasks, torch.full_like(examples.y, task.index)])
        order = torch.randperm(len(y), generator=streams.generator("buffer"), device=y.device)
        groups = zip(tasks[order].tolist(), y[order].tolist(), strict=True)
        kept = _balanced(list(groups), self.capacity)
        index = order[torch.tensor(kept, dtype=torch.int64, device=y.device)]
        self._x, self._y = x[index], y[index]
        if self._task_of_label is None:
            self._task = tasks[index]

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
        task = self._tasks[index] if self._tells_tasks else None
        return Examples(to_values(self._x[index]), self._y[index], task=task)

    @property
    def _tasks(self) -> Tensor:
        """The task of each sample stored, (N,) int64."""
        return self._task if self._task_of_label is None else self._task_of_label[self._y]

    def state_dict(self) -> dict[str, Tensor]:
        """What is stored."""
        return {"x": self._x, "y": self._y} | ({"task": self._task} if self._task_of_label is None else {})

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave."""
        device = self._y.device
        self._x, self._y = state["x"].to(device), state["y"].to(device)
        if self._task_of_label is None:
            self._task = state["task"].to(device)


def to_stored(x: Tensor, value_bytes: Literal[1, 4]) -> Tensor:
    """Images as they are stored: float32 in [0, 1] as they are, or as uint8 in 256 levels where a value has a byte."""
    return (x * 255).round().to(torch.uint8) if value_bytes == 1 else x


def to_values(stored: Tensor) -> Tensor:
    """What ``to_stored`` was given, to within half a level: float32 in [0, 1]."""
    return stored.float() / 255 if stored.dtype == torch.uint8 else stored


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


def _task_of_label(info: ScenarioInfo, device: torch.device) -> Tensor | None:
    """The task that each label is of, (K,) int64; None where tasks share their classes."""
    if sum(map(len, info.classes)) > len(info.seen(info.tasks)):
        return None
    tasks = torch.zeros(info.outputs, dtype=torch.int64, device=device)
    for index, classes in enumerate(info.classes):
        tasks[list(classes)] = index
    return tasks


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
