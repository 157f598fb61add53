"""Nested values with tensors in them, such as the state of PyTorch's optimizers, as named tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from cltk.errors import PluginError

__all__ = ["decode", "encode"]

_LAYOUT = "layout"


def encode(value: Any) -> dict[str, Tensor]:
    """A value of mappings, lists, tuples, tensors, numbers and texts as tensors, without pickling anything.

    Raises:
        PluginError: There is something else in it.
    """
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_encode(value, tensors))
    return {_LAYOUT: torch.tensor([*text.encode()], dtype=torch.uint8), **tensors}


def decode(tensors: Mapping[str, Tensor]) -> Any:
    """What ``encode`` was given."""
    layout = json.loads(bytes(tensors[_LAYOUT].tolist()))
    return _decode(layout, tensors)


def _encode(value: Any, tensors: dict[str, Tensor]) -> Any:
    """A layout fit for JSON, in which a list says what it stands for; the tensors are put aside."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Tensor():
            name = str(len(tensors))
            tensors[name] = value
            return ["tensor", name]
        case Mapping():  # JSON would make texts of numbers as keys.
            return ["mapping", *([_encode(key, tensors), _encode(item, tensors)] for key, item in value.items())]
        case list() | tuple():
            return [type(value).__name__, *(_encode(item, tensors) for item in value)]
    raise PluginError(
        f"The state of an optimizer holds a {type(value).__name__}, which a checkpoint cannot hold.",
        "Let its state_dict give tensors, numbers and texts, in mappings, lists and tuples.",
    )


def _decode(layout: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(layout, list):
        return layout
    kind, *items = layout
    if kind == "tensor":
        return tensors[items[0]]
    if kind == "mapping":
        return {_decode(key, tensors): _decode(item, tensors) for key, item in items}
    return (list if kind == "list" else tuple)(_decode(item, tensors) for item in items)
