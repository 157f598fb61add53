"""The type of a number of samples in a configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["Samples"]

Samples = Annotated[int, Field(ge=0, le=10**9)]
"""A whole number of samples; the bound keeps a slip of the keyboard from filling the memory hours later."""
