"""What a network promises that calls itself capturable."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cltk.interfaces import Streams
from cltk.testing.defects import require
from cltk.testing.networks import BATCH, info_for, phase_loss, ready, rng_of, taught_by
from cltk.testing.sequences import batch_of
from cltk.testing.subject import Subject

__all__ = ["never_waits_if_capturable"]

_aten = torch.ops.aten
_WAITING = (
    _aten._local_scalar_dense, _aten.nonzero, _aten.masked_select, _aten._unique2, _aten.unique_dim,
    _aten.unique_consecutive, _aten.bincount, _aten.repeat_interleave, _aten.equal,
)  # fmt: skip
"""Operations whose result, or the shape of it, the host needs before it can go on."""
_INDEXING = (_aten.index, _aten.index_put, _aten.index_put_)


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the operations inside its ``with`` block that would wait for a GPU."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        operation = func._overloadpacket
        if operation in _WAITING or (operation in _INDEXING and any(map(_is_mask, args[1]))):
            self.seen.add(operation.__name__)
        return func(*args, **(kwargs or {}))


def never_waits_if_capturable(subject: Subject) -> None:
    """Where ``capturable`` is True, the loss calls no operation that is known to wait for a GPU."""
    info = info_for(subject)
    network = ready(subject, info)
    if not network.capturable or taught_by(network, info) != "descent":
        return
    with _Watch() as watch, Streams(0).scope("global"):
        torch.autograd.backward(phase_loss(network.train(), batch_of(info, BATCH), rng_of(0)).float().mean())
    fix = "Replace item() and masks as indices, by torch.where for one, or leave capturable at False."
    require(not watch.seen, f"it calls {', '.join(sorted(watch.seen))}", fix)


def _is_mask(index: Tensor | None) -> bool:
    return index is not None and index.dtype in (torch.bool, torch.uint8)
