"""The networks that something holds, and frozen copies of them."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from torch import Tensor, nn

__all__ = ["evaluating", "find_networks", "freeze"]


class HoldsNetworks(Protocol):
    """What has networks, as a strategy does."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The networks, by their paths."""
        ...


M = TypeVar("M", bound=nn.Module | HoldsNetworks)


def find_networks(attributes: Mapping[str, object]) -> dict[str, nn.Module]:
    """The networks among some attributes, also within lists, tuples, deques and mappings, each by its path.

    One that is held twice is named once, by its first path; so is one that is a part of another one named before.
    """
    networks: dict[str, nn.Module] = {}
    named: set[int] = set()
    for path, network in _walk("", attributes):
        if id(network) not in named:
            networks[path] = network
            named.update(map(id, network.modules()))
    return networks


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Puts a network into evaluation mode, and every part of it back afterwards."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def freeze(model: M) -> M:
    """A deep copy whose networks are in evaluation mode and are not trained; the original may go on learning.

    Args:
        model: A network, or a strategy, of which ``predict`` gives soft labels then.
    """
    frozen = copy.deepcopy(model)
    for network in [frozen] if isinstance(frozen, nn.Module) else frozen.networks.values():
        network.eval().requires_grad_(False)
    return frozen


def _walk(path: str, value: object) -> Iterator[tuple[str, nn.Module]]:
    inner: Iterable[tuple[object, object]] = ()
    if isinstance(value, nn.Module):
        yield path, value
    elif isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list | tuple | deque):
        inner = enumerate(value)
    for name, item in inner:
        if not isinstance(item, Tensor):
            key = str(name).replace(".", "/")  # A dot would make a part of another network's path of it.
            yield from _walk(f"{path}.{key}" if path else key, item)
