"""cltk: ablations in continual learning, every component a plugin.

>>> import cltk
>>> experiment = cltk.load("experiments/genovese-2024.toml")
>>> record = cltk.run(experiment, seed=0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cltk.api import Ending, Experiment, Machine, Restored, load, load_runs, restore, run, train
    from cltk.errors import CltkError

__all__ = [
    "CltkError",
    "Ending",
    "Experiment",
    "Machine",
    "Restored",
    "__version__",
    "load",
    "load_runs",
    "restore",
    "run",
    "train",
]

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that ``import cltk`` is fast."""
    if name not in __all__:
        raise AttributeError(f"module 'cltk' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module("cltk.errors" if name == "CltkError" else "cltk.api"), name)


def __dir__() -> list[str]:
    """What is public, whether it is imported already or not."""
    return sorted(__all__)
