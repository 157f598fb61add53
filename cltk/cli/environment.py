"""What a report of a fault needs to know of the machine, of what is installed, and of where data and runs are."""

from __future__ import annotations

import os
import platform
import re
import shutil
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from cltk.data_folders import data_folders
from cltk.errors import CltkError
from cltk.kinds import KINDS
from cltk.machine import usable_cores
from cltk.registry import installed

__all__ = ["describe_environment"]

_CORE = "cltk-core"
_VARIABLES = ("CLTK_", "MLFLOW_", "OMP_", "CUDA_", "SLURM_")


def describe_environment(store: Path) -> dict[str, Any]:
    """Versions, machine, threads and stores, as JSON.

    Of variables it has the names alone: an address may bear a password.
    """
    return {
        "versions": {"python": platform.python_version(), **_versions()},
        "machine": _machine(),
        "threads": _threads(),
        "stores": {"runs": _folder(store, "*/record.json"), "data": [_folder(path, "*") for path in _data()]},
        "variables": sorted(name for name in os.environ if name.startswith(_VARIABLES)),
    }


def _versions() -> dict[str, str]:
    """Of the core, of the distributions of plugins, and of what these require where it is installed."""
    ours = {_CORE, *(plugin.distribution for kind in KINDS for plugin in installed(kind))}
    required = {
        match[0]
        for name in ours
        for text in _requirements(name)
        if "extra ==" not in text and (match := re.match(r"[\w.-]+", text))
    }
    return {name: known for name in sorted(ours | required) if (known := _version(name))}


def _requirements(distribution: str) -> list[str]:
    try:
        return requires(distribution) or []
    except PackageNotFoundError:
        return []


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _machine() -> dict[str, Any]:
    import torch

    cuda = torch.cuda
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "gpus": [cuda.get_device_name(index) for index in range(cuda.device_count())] if cuda.is_available() else [],
    }


def _threads() -> dict[str, Any]:
    import torch

    return {"torch": torch.get_num_threads(), "torch_between_operations": torch.get_num_interop_threads()}


def _data() -> tuple[Path, ...]:
    try:
        return data_folders(None)
    except CltkError:
        return ()


def _folder(path: Path, pattern: str) -> dict[str, Any]:
    """Where a folder is, how many of its files or folders are of a pattern, and the room that its disk has."""
    path = path.absolute()
    disk = next(parent for parent in (path, *path.parents) if parent.exists())
    return {
        "path": str(path),
        "exists": path.is_dir(),
        "entries": sum(1 for _ in path.glob(pattern)),
        "writable": os.access(disk, os.W_OK),
        "free_bytes": shutil.disk_usage(disk).free,
    }
