"""Where and how to compute, from the options that say so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cltk.machine import Machine

__all__ = ["machine_of"]

_PRECISIONS = ("auto", "fp32", "bf16")


def machine_of(device: str, threads: int | None, precision: str, data_dir: Path | None) -> Machine:
    """Makes the machine.

    Raises:
        ConfigError: There is no such precision.
    """
    from cltk.machine import Machine

    return Machine(device, threads, _precision(precision), data_dir)


def _precision(name: str) -> Any:
    from cltk.errors import ConfigError, closest

    if name not in _PRECISIONS:
        raise ConfigError(f"There is no precision '{name}'.", closest(name, _PRECISIONS))
    return name
