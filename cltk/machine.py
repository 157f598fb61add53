"""Where and how to compute: device, threads, precision."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from cltk.engine import Run
from cltk.engine.run import Precision
from cltk.errors import ConfigError

__all__ = ["Machine", "device_of", "precision_of", "sensible_threads"]

SMALL = 600_000
"""Number of parameters below which a run gets one thread: a second one helps little, and harms on a busy machine."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how to compute.

    Attributes:
        device: ``cpu``, ``cuda`` or ``auto``, which takes a GPU where there is one.
        threads: Number of threads, None for what suits the size of the networks.
        precision: Of the matrix products in training: ``fp32``, ``bf16``, or ``auto`` for the faster one of them.
        data_dir: Where to look for data files first.
    """

    device: str = "auto"
    threads: int | None = None
    precision: Precision | Literal["auto"] = "fp32"
    data_dir: Path | None = None


def sensible_threads(run: Run) -> int:
    """One for small networks, whose steps are too short to share; else one a core."""
    return 1 if sum(run.strategy.parts.parameters.values()) < SMALL else os.cpu_count() or 1


def device_of(machine: Machine) -> torch.device:
    """The device that is meant.

    Raises:
        ConfigError: There is no such device here.
    """
    name = machine.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise ConfigError(f"There is no device '{name}'.", "Valid: auto, cpu, cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("There is no usable CUDA device.", "Use --device cpu, or install a CUDA driver.")
    return torch.device(name)


def precision_of(machine: Machine, device: torch.device) -> Precision:
    """The precision that is meant; ``auto`` is bfloat16 where the hardware multiplies it faster than float32.

    Over ten paired seeds it makes no difference in accuracy beyond the interval of 0.010 (docs/performance.md).
    """
    if machine.precision != "auto":
        return machine.precision
    return "bf16" if _multiplies_bfloat16(device) else "fp32"


def _multiplies_bfloat16(device: torch.device) -> bool:
    """Whether there are instructions for it: elsewhere PyTorch emulates it, ten times as slow as float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
