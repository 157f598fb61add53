"""Named tensors as bytes, in the order that they have."""

from __future__ import annotations

import json
from collections.abc import Mapping

from torch import Tensor

__all__ = ["MOST", "pack", "unpack"]

MOST = 1 << 36
"""Bytes of a file; networks that are larger are none of today."""

_ORDER = "order"


def pack(tensors: Mapping[str, Tensor], texts: Mapping[str, str] | None = None) -> bytes:
    """The content of a safetensors file.

    Args:
        tensors: What to keep, by name; on any device, and some of them may share memory.
        texts: What else to keep.
    """
    from safetensors.torch import save

    # The format sorts by name, which may decide what is drawn from a collection of tensors later.
    texts = {_ORDER: json.dumps([*tensors]), **(texts or {})}
    content: bytes = save(_apart(tensors), texts)
    return content


def unpack(content: bytes) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and texts that ``pack`` was given.

    Raises:
        ValueError: It is not what ``pack`` gave.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(content)
    except SafetensorError as error:
        raise ValueError(f"it is not a safetensors file: {error}") from error
    texts: dict[str, str] = _header(content).get("__metadata__", {})
    order = json.loads(texts.pop(_ORDER, "null")) or [*tensors]
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(tensors):
        raise ValueError("the order that it gives its tensors is not of the tensors in it")
    return {name: tensors[name] for name in order}, texts


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """On the CPU, each in memory of its own: tied weights share theirs, which the format refuses."""
    apart: dict[str, Tensor] = {}
    taken: set[int] = set()
    for name, tensor in tensors.items():
        own = tensor.detach().cpu().contiguous()
        storage = own.untyped_storage()
        if storage.data_ptr() in taken or storage.nbytes() != own.nbytes:
            own = own.clone()
        taken.add(own.untyped_storage().data_ptr())
        apart[name] = own
    return apart


def _header(content: bytes) -> dict[str, dict[str, str]]:
    """The JSON text that the format begins with, behind its length in eight bytes."""
    size = int.from_bytes(content[:8], "little")
    header: dict[str, dict[str, str]] = json.loads(content[8 : 8 + size])
    return header
