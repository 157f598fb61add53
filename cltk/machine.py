"""Where and how to compute: device, threads, precision."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cltk.errors import ConfigError, Fault, closest

if TYPE_CHECKING:
    import torch

__all__ = ["Machine", "Precision", "device_of", "precision_of", "sensible_threads", "usable_cores"]

Precision = Literal["fp32", "bf16"]
PRECISIONS = ("auto", "fp32", "bf16")
"""What may be asked for."""
SMALL = 600_000
"""Number of parameters below which a run gets one thread: a second one helps little, and harms on a busy machine."""
QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of computing time that a container has in a period, and that period; of control groups, version 2."""
_DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:1")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
_LIMITS = ("SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS")
"""Variables that say how many cores a program may use."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how to compute.

    Attributes:
        device: ``cpu``, ``cuda`` or ``auto``, which takes a GPU where there is one.
        threads: Number of threads, None for what suits the size of the networks.
        precision: Of the matrix products in training: ``fp32``, ``bf16``, or ``auto`` for the faster one of them.
        data_dir: Where to look for data files first.

    Raises:
        ConfigError: There is no such precision, no such number of threads, or no such device anywhere.
    """

    device: str = "auto"
    threads: int | None = None
    precision: Precision | Literal["auto"] = "fp32"
    data_dir: Path | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.precision not in PRECISIONS:
            advice = closest(str(self.precision), PRECISIONS)
            faults.append(Fault(f"There is no precision {self.precision!r}.", advice, "precision"))
        if self.threads is not None and not (type(self.threads) is int and self.threads > 0):
            advice = "Give a whole number from 1 up, or none."
            faults.append(Fault(f"There cannot be {self.threads!r} threads.", advice, "threads"))
        if not _DEVICE.fullmatch(str(self.device)):
            faults.append(Fault(f"There is no device {self.device!r}.", f"Valid: {', '.join(_DEVICES)}, ...", "device"))
        if faults:
            raise ConfigError.of(faults)


def usable_cores() -> int:
    """Number of cores that this process may use: its affinity, and what a container, a scheduler or the user allots."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    texts = [os.environ.get(name, "").partition(",")[0].strip() for name in _LIMITS]
    limits = (int(text) for text in texts if text.isdecimal() and int(text) > 0)
    return min([cores, *limits, *_quota()])


def _quota() -> list[int]:
    """Cores' worth of time that the container may use, whichever they are; nothing where it may use all."""
    try:
        quota, period = QUOTA.read_text().split()
        return [max(1, int(quota) // int(period))]
    except (OSError, ValueError, ZeroDivisionError):  # There is no such file, or it says 'max'.
        return []


def sensible_threads(parameters: int) -> int:
    """One for small networks, whose steps are too short to share; else one a usable core."""
    return 1 if parameters < SMALL else usable_cores()


def device_of(machine: Machine) -> torch.device:
    """The device that is meant.

    Raises:
        ConfigError: There is no such device here.
    """
    import torch

    name = machine.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "There is no usable CUDA device.",
            'Use --device cpu, in Python Machine(device="cpu"), or install a CUDA driver.',
            "device",
        )
    if index and int(index) >= torch.cuda.device_count():
        problem = f"There is no device '{name}': {torch.cuda.device_count()} are visible."
        raise ConfigError(problem, 'Use --device cuda, in Python Machine(device="cuda")', "device")
    return torch.device(name)


def precision_of(machine: Machine, device: torch.device) -> Precision:
    """The precision that is meant; ``auto`` is bfloat16 where the hardware multiplies it faster than float32.

    Over twenty paired seeds it makes no difference in accuracy beyond the interval of 0.009 (docs/performance.md).
    """
    if machine.precision != "auto":
        return machine.precision
    return "bf16" if _multiplies_bfloat16(device) else "fp32"


def _multiplies_bfloat16(device: torch.device) -> bool:
    """Whether there are instructions for it: elsewhere PyTorch emulates it, ten times as slow as float32."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
