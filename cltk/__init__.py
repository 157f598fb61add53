"""cltk: ablations in continual learning, every component a plugin.

>>> import cltk
>>> experiment = cltk.load("experiments/genovese-2024.toml")
>>> record = cltk.run(experiment, seed=0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cltk.api import load, run, train
    from cltk.errors import CltkError

__all__ = ["CltkError", "__version__", "load", "run", "train"]

__version__ = "0.2.0"

_HOMES = {"CltkError": "cltk.errors", "load": "cltk.api", "run": "cltk.api", "train": "cltk.api"}


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for, so that ``import cltk`` is fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cltk' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
