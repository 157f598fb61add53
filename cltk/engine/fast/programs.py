"""What a function computes, so that two can be compared: the same operations, on tensors of the same meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from cltk.engine.fast.apart import ApartError

__all__ = ["Program", "program_of"]


class Program(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The operations in its ``with`` block, in order.

    Tensors that go in are told apart by their place among those that are known: what the block is given, and what it
    computed before. Of any other one, which it brought along, the values count.

    Args:
        given: What the block is given.

    Raises:
        ApartError: In the block, where this does not tell two of them apart.
    """

    def __init__(self, given: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._known = list(given)  # Kept, so that no other tensor takes the place of one in memory.
        self._places = {id(tensor): place for place, tensor in enumerate(self._known)}
        self._operations: list[tuple[Any, ...]] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        leaves = tree_leaves((args, kwargs))
        self._refuse(func, [leaf for leaf in leaves if isinstance(leaf, Tensor)])
        self._operations.append((func, *map(self._described, leaves)))
        result = func(*args, **kwargs)
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor) and id(leaf) not in self._places:
                self._places[id(leaf)] = len(self._known)
                self._known.append(leaf)
        return result

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Program) or len(self._operations) != len(other._operations):
            return False
        pairs = zip(self._operations, other._operations, strict=True)
        return all(len(one) == len(two) and all(map(_same, one, two)) for one, two in pairs)

    __hash__ = None  # type: ignore[assignment]

    def _refuse(self, func: Any, tensors: Sequence[Tensor]) -> None:
        """Refuses what values at one moment, or of one memory layout, do not tell.

        Raises:
            ApartError: A tensor that was brought along is trained or changed, or what is drawn depends on strides.
        """
        strange = [tensor for tensor in tensors if id(tensor) not in self._places]
        if any(tensor.requires_grad for tensor in strange):
            raise ApartError("a parameter is used beside the network")
        if func._schema.is_mutable and any(tensor is tensors[0] for tensor in strange):
            raise ApartError("a tensor that is not of the network is changed")
        if torch.Tag.nondeterministic_seeded in func.tags and not all(each.is_contiguous() for each in tensors):
            raise ApartError("noise is drawn in another order of memory")

    def _described(self, leaf: Any) -> Any:
        if isinstance(leaf, Tensor):
            place = self._places.get(id(leaf))
            return leaf.clone() if place is None else _Place(place, leaf.shape, leaf.dtype)
        return None if isinstance(leaf, torch.Generator) else leaf


class _Place(tuple[Any, ...]):
    """Where a known tensor stands, with its shape and type."""

    __slots__ = ()

    def __new__(cls, *parts: Any) -> _Place:
        return super().__new__(cls, parts)


def program_of(function: Callable[[], object], given: Iterable[Tensor]) -> Program:
    """What a function computes, without a gradient, of the tensors that it is given."""
    program = Program(given)
    with torch.no_grad(), program:
        function()
    return program


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, Tensor) or isinstance(two, Tensor):
        return isinstance(one, Tensor) and isinstance(two, Tensor) and torch.equal(one, two)
    return bool(one == two)
