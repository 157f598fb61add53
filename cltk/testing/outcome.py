"""What a component gave, in a form that compares exactly."""

from __future__ import annotations

import torch
from torch import Tensor

from cltk.testing.defects import require

__all__ = ["Outcome", "differing", "require_equal"]

Outcome = dict[str, Tensor]
"""Tensors, each under what it is."""


def differing(one: Outcome, other: Outcome) -> list[str]:
    """The names under which two outcomes are not bit for bit the same; values that are no number count as equal."""
    shared = [name for name in one if name in other]
    return [
        *(name for name in shared if not _identical(one[name], other[name])),
        *(name for name in (*one, *other) if name not in shared),
    ]


def require_equal(one: Outcome, other: Outcome, came: str, fix: str) -> None:
    """Raises a ``DefectError`` that says ``came`` and names what differs, unless both are the same."""
    names = differing(one, other)
    require(not names, f"{came}: different in {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}", fix)


def _identical(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    same = one == other
    if one.is_floating_point():
        same |= one.isnan() & other.isnan()
    return bool(torch.all(same))
