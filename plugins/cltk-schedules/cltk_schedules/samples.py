"""The type of a number of samples in a configuration, and what stands for it where none is given."""

from __future__ import annotations

import statistics
from typing import Annotated

from pydantic import Field

from cltk.interfaces import ScenarioInfo

__all__ = ["Samples", "given_or_average"]

Samples = Annotated[int, Field(ge=0, le=10**9)]
"""A whole number of samples; the bound keeps a slip of the keyboard from filling the memory hours later."""


def given_or_average(samples: int | None, info: ScenarioInfo) -> int:
    """The number that was given, or that of an average task: a default that suits small and large data sets alike."""
    return round(statistics.fmean(info.sizes)) if samples is None else samples
