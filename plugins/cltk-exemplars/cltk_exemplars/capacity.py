"""How many images a strategy may store."""

from __future__ import annotations

from cltk.errors import ConfigError
from cltk.interfaces import ScenarioInfo

__all__ = ["require_capacity"]


def require_capacity(capacity: int, info: ScenarioInfo) -> None:
    """Refuses a buffer with less than one image a class.

    Args:
        capacity: Number of images.
        info: What the scenario says of itself.

    Raises:
        ConfigError: There are more classes than images.
    """
    classes = len(info.seen(info.tasks))
    if capacity < classes:
        raise ConfigError(
            f"A buffer of {capacity} images is too small for the {classes} classes of the scenario.",
            f"Store at least one image a class: --strategy.buffer {classes}.",
        )
