"""What a study gives its workers to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Item"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something to do.

    Attributes:
        key: Identifies it within the study; of items of one key, one is done.
        attributes: What a worker must know.
        parameters: Values of parameters that are not left to the sampler.
    """

    key: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
