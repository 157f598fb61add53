"""Counting floating-point operations."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["FlopCounter"]

_PRODUCTS = (torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.bmm)
_COUNTED = ("mm", "conv", "attention")
"""What the names of all operations have that PyTorch has a formula for."""


class FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts those of the matrix products and convolutions inside its ``with`` block, forward and backward.

    PyTorch's ``FlopCounterMode`` counts the same by the same formulas, but imports PyTorch's compiler, which takes
    longer than the start of everything else. Its formulas import a part of that, and so only if there is need of them.

    Attributes:
        total: Operations so far; a multiplication and an addition are two.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.total += _operations(func._overloadpacket, args, kwargs or {}, result)
        return result


def _operations(operation: Any, args: Any, kwargs: Any, result: Any) -> int:
    if operation in _PRODUCTS:
        left = args[1] if operation is torch.ops.aten.addmm else args[0]
        return int(2 * result.numel() * left.shape[-1])
    if not any(part in operation.__name__ for part in _COUNTED):
        return 0
    from torch.utils.flop_counter import flop_registry

    formula = flop_registry.get(operation)
    return formula(*args, **kwargs, out_val=result) if formula else 0
