"""A random sample of all that was ever seen, with the logits of the moment."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cltk.interfaces import Examples, ScenarioInfo, to_stored, to_values

__all__ = ["Reservoir"]


class Reservoir:
    """At most ``capacity`` images, each of those seen with the same probability, with label and logits.

    Images are stored as a ``Buffer`` does; in the task-incremental setting with the task that they are of.

    Source: Vitter 1985, "Random sampling with a reservoir", DOI 10.1145/3147.3165.

    Args:
        capacity: Number of images.
        info: What the scenario says of itself.
        device: Where they are stored.
    """

    def __init__(self, capacity: int, info: ScenarioInfo, device: torch.device) -> None:
        self.capacity = capacity
        self._seen = 0
        self._value_bytes = info.value_bytes
        self._columns = {
            "x": to_stored(torch.zeros((capacity, *info.shape), device=device), info.value_bytes),
            "y": torch.empty(capacity, dtype=torch.int64, device=device),
            "logits": torch.empty((capacity, info.outputs), device=device),
        }
        if info.setting == "task":
            self._columns["task"] = torch.empty(capacity, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return min(self._seen, self.capacity)

    @property
    def bytes(self) -> int:
        """Bytes stored: images, labels and logits."""
        return sum(column.nbytes for column in self._stored().values())

    def add(self, examples: Examples, logits: Tensor, rng: torch.Generator) -> None:
        """Sees samples, and stores some of them in place of others.

        Args:
            examples: B samples.
            logits: (B, K), what the network gave for them.
            rng: Decides which are stored, and where.
        """
        places: dict[int, int] = {}
        draws = torch.rand(len(examples), generator=rng, device=rng.device, dtype=torch.float64).tolist()
        for position, draw in enumerate(draws):
            place = self._seen if self._seen < self.capacity else int(draw * (self._seen + 1))
            self._seen += 1
            if place < self.capacity:
                places[place] = position  # Of two samples for one place the later one stays.
        if not places:
            return
        x = to_stored(examples.x, self._value_bytes)
        new = {"x": x, "y": examples.y, "logits": logits.float(), "task": examples.tasks}
        targets, sources = (torch.tensor([*side], device=logits.device) for side in (places, places.values()))
        for name, column in self._columns.items():
            column[targets] = new[name][sources]

    def draw(self, n: int, rng: torch.Generator) -> tuple[Examples, Tensor]:
        """Up to ``n`` stored samples, none of them twice, and their logits (n, K)."""
        index = torch.randperm(len(self), generator=rng, device=rng.device)[:n]
        columns = {name: column[index] for name, column in self._columns.items()}
        return Examples(to_values(columns["x"]), columns["y"], task=columns.get("task")), columns["logits"]

    def state_dict(self) -> dict[str, Tensor]:
        """What is stored, and how many samples were seen."""
        return {"seen": torch.tensor(self._seen), **self._stored()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave."""
        self._seen = int(state["seen"])
        for name, column in self._stored().items():
            column.copy_(state[name])

    def _stored(self) -> dict[str, Tensor]:
        return {name: column[: len(self)] for name, column in self._columns.items()}
