"""Named streams of randomness, so that no component touches PyTorch's global generator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from cltk.seeding import derive_seed

__all__ = ["Streams", "global_generators"]

_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams below one name. Each is derived from the run's seed and its own name, never from another stream.

    Args:
        seed: The seed of the run.
        path: The name that all streams of this object share.
        device: Where the samplers that use them draw.
    """

    seed: int
    path: tuple[str | int, ...] = ()
    device: torch.device = _CPU

    def at(self, *purpose: str | int) -> Streams:
        """The streams below a longer name, such as ``streams.at("task", 3)``."""
        return Streams(self.seed, (*self.path, *purpose), self.device)

    def generator(self, *purpose: str | int) -> torch.Generator:
        """A new generator at the beginning of the stream that is named."""
        seed = derive_seed(self.seed, *self.path, *purpose)
        return torch.Generator(self.device).manual_seed(seed)

    @contextmanager
    def scope(self, *purpose: str | int) -> Iterator[None]:
        """Lends the global generator to code that can draw from nowhere else (initialisation, dropout).

        Inside, it stands at the beginning of the stream that is named; afterwards it is as it was before.
        """
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            seed = derive_seed(self.seed, *self.path, *purpose)
            for generator in global_generators(self.device):
                generator.manual_seed(seed)
            yield


def global_generators(device: torch.device) -> list[torch.Generator]:
    """Those that code without a generator of its own draws from: the processor's, and that of a GPU."""
    if device.type != "cuda":
        return [torch.default_generator]
    torch.cuda.init()  # type: ignore[no-untyped-call]
    index = torch.cuda.current_device() if device.index is None else device.index
    return [torch.default_generator, torch.cuda.default_generators[index]]
