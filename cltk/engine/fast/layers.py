"""What convolutions, attention and the like cost, each of which is one operation of PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["LAYERS"]

_ATEN = torch.ops.aten


def _convolution(result: Tensor, x: Tensor, weight: Tensor, *rest: Any, **_: Any) -> int:
    transposed = rest[4]
    return _filtered(x if transposed else result, weight)


def _convolution_backward(result: Any, grad: Tensor, x: Tensor, weight: Tensor, *rest: Any, **_: Any) -> int:
    """As much for each gradient as forward."""
    transposed, wanted = rest[4], rest[7]
    return _filtered(x if transposed else grad, weight) * int(wanted[0] + wanted[1])


def _filtered(positions: Tensor, weight: Tensor) -> int:
    """A filter at each position, of all channels of its group."""
    return int(2 * positions.numel() * weight[0].numel())


def _over_time(result: Tensor, x: Tensor, weight: Tensor, *_: Any, **__: Any) -> int:
    """A convolution over the first axis, whose filters (length, in, out) lie otherwise."""
    return 2 * result.numel() * weight[..., 0].numel()


def _bilinear(result: Tensor, *args: Any, **_: Any) -> int:
    """A product for each index of three factors together, each of which is repeated along some axes."""
    shapes = []
    for factor, repeated in zip(args[:3], args[3:6], strict=True):
        shape = list(factor.shape)
        for axis in repeated:
            shape.insert(axis, 1)
        shapes.append(shape)
    return 2 * math.prod(torch.broadcast_shapes(*shapes))  # type: ignore[no-untyped-call]


def _distances(result: Tensor, x: Tensor, y: Tensor, *_: Any, **__: Any) -> int:
    """Between the rows of two matrices, as much as their product."""
    return 2 * result.numel() * x.shape[-1]


def _distances_backward(result: Any, grad: Tensor, x: Tensor, *_: Any, **__: Any) -> int:
    return _distances(grad, x, x)


def _attention(result: Any, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> int:
    """Scores, and values weighed by them."""
    return _pairs(query, key) * 2 * (query.shape[-1] + value.shape[-1])


def _attention_backward(
    result: Any, grad: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> int:
    """Scores once more, and the gradients of scores, values, queries and keys."""
    return _pairs(query, key) * 2 * (3 * query.shape[-1] + 2 * value.shape[-1])


def _pairs(query: Tensor, key: Tensor) -> int:
    """Of a query and a key, over all heads and samples."""
    return query[..., 0].numel() * key.shape[-2]


def _self_attention(result: Any, query: Tensor, key: Tensor, value: Tensor, width: int, *rest: Any, **_: Any) -> int:
    return _projected(query, [rest[1], rest[3]]) + _within(query)


def _encoder_layer(result: Any, x: Tensor, width: int, heads: int, *rest: Any, **_: Any) -> int:
    return _projected(x, [rest[0], rest[2], rest[11], rest[13]]) + _within(x)


def _within(x: Tensor) -> int:
    """Attention of (B, T, D) to itself, whatever the number of heads."""
    return 4 * x.numel() * x.shape[-2]


def _recurrent(result: Any, x: Tensor, input_weight: Tensor, hidden_weight: Tensor, *_: Any, **__: Any) -> int:
    return _projected(x, [input_weight, hidden_weight])


def _stacked(result: Any, x: Tensor, weights: Sequence[Tensor], *_: Any, **__: Any) -> int:
    """Several recurrent layers at once."""
    return _projected(x, [weight for weight in weights if weight.ndim == 2])


def _twice(formula: Callable[..., int]) -> Callable[..., int]:
    """The way back, which has two gradients for each product."""
    return lambda *args, **kwargs: 2 * formula(*args, **kwargs)


def _projected(x: Tensor, weights: Iterable[Tensor]) -> int:
    """Each of the vectors (..., D) through each of the matrices."""
    return x[..., 0].numel() * 2 * sum(weight.numel() for weight in weights)


LAYERS: Mapping[Any, Callable[..., int]] = {
    _ATEN.convolution: _convolution,
    _ATEN.convolution_backward: _convolution_backward,
    _ATEN.conv_tbc: _over_time,
    _ATEN._trilinear: _bilinear,
    _ATEN._euclidean_dist: _distances,
    _ATEN._cdist_forward: _distances,
    _ATEN._cdist_backward: _distances_backward,
    _ATEN._scaled_dot_product_flash_attention_for_cpu: _attention,
    _ATEN._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
    _ATEN._scaled_dot_product_flash_attention: _attention,
    _ATEN._scaled_dot_product_flash_attention_backward: _attention_backward,
    _ATEN._scaled_dot_product_efficient_attention: _attention,
    _ATEN._scaled_dot_product_efficient_attention_backward: _attention_backward,
    _ATEN._scaled_dot_product_cudnn_attention: _attention,
    _ATEN._scaled_dot_product_cudnn_attention_backward: _attention_backward,
    _ATEN._native_multi_head_attention: _self_attention,
    _ATEN._transformer_encoder_layer_fwd: _encoder_layer,
    _ATEN.mkldnn_rnn_layer: _recurrent,
    _ATEN.mkldnn_rnn_layer_backward: _twice(_recurrent),
    _ATEN._cudnn_rnn: _stacked,
    _ATEN._cudnn_rnn_backward: _twice(_stacked),
}
"""From an operation's result and arguments to its cost, as the docstring of ``FlopCounter`` says it."""
