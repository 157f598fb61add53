"""Randomness for several runs that are computed as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cltk.engine.fast.apart import ApartError
from cltk.interfaces.streams import Streams, global_generators

__all__ = ["GlobalStream", "OwnStreams"]


class GlobalStream:
    """The global generators as one run would find them, from the beginning of its stream ``global`` on."""

    def __init__(self, streams: Streams) -> None:
        own = streams.generator("global").initial_seed()
        self._defaults = global_generators(streams.device)
        self._states = [torch.Generator(each.device).manual_seed(own).get_state() for each in self._defaults]

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Inside, what draws from a global generator draws from this run's; whose that is otherwise, it stays."""
        before = [generator.get_state() for generator in self._defaults]
        self._set(self._states)
        try:
            yield
        finally:
            self._states = [generator.get_state() for generator in self._defaults]
            self._set(before)

    @contextmanager
    def spared(self) -> Iterator[None]:
        """The same for something that is only tried: afterwards this run's stand where they stood."""
        states = self._states
        with self.lent():
            yield
        self._states = states

    def _set(self, states: Sequence[Tensor]) -> None:
        for generator, state in zip(self._defaults, states, strict=True):
            generator.set_state(state)


class OwnStreams(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Has each of S runs that are computed as one draw from its own streams, as it would alone.

    In its ``with`` block, operations that draw have an axis S in front; each run gets its part of what they give. One
    that has no such axis, or draws from another generator, raises an ``ApartError``.

    Args:
        shared: The generator that the code in the block draws from.
        own: What each run draws from in its place.
        others: What each run draws from in place of a global generator.
    """

    def __init__(self, shared: torch.Generator, own: Sequence[torch.Generator], others: Sequence[GlobalStream]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._shared = shared
        self._own = own
        self._others = others

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags:
            return func(*args, **kwargs)
        drawn = [self._draw(run, func, args, kwargs) for run in range(len(self._own))]
        if func._schema.is_mutable:  # Each has changed its part of what is there.
            return args[0]
        if isinstance(drawn[0], Tensor):
            return torch.stack(drawn)
        return tuple(torch.stack(parts) for parts in zip(*drawn, strict=True))

    def _draw(self, run: int, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """What one run draws."""
        own_args = [self._own_part(argument, run) for argument in args]
        own_kwargs = {name: self._own_part(argument, run) for name, argument in kwargs.items()}
        if not any(isinstance(argument, Tensor | list | tuple) for argument in args):
            raise ApartError("noise has no axis for the runs")
        with self._others[run].lent():
            return func(*own_args, **own_kwargs)

    def _own_part(self, argument: Any, run: int) -> Any:
        """What one run has of an argument: its generator, its part of a tensor, and a shape without the axis in front.

        Raises:
            ApartError: It is a generator of nobody's own, or has no axis for the runs.
        """
        if isinstance(argument, torch.Generator):
            if argument.initial_seed() != self._shared.initial_seed():  # Python has another object of the same one.
                raise ApartError("noise comes from a generator of nobody's own")
            return self._own[run]
        if isinstance(argument, Tensor | list | tuple):
            front = argument.shape[:1] if isinstance(argument, Tensor) else argument[:1]
            if list(front) != [len(self._own)]:
                raise ApartError("noise has no axis for the runs")
            return argument[run] if isinstance(argument, Tensor) else argument[1:]
        return argument
