"""How much a study puts up with: silence of workers, lost workers, failed runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What is kept with a study, so that all who work on it agree.

    Attributes:
        lease: Seconds without a sign of life after which a worker loses what it does.
        losses: How often workers may be lost with an item before it counts as one that kills them.
        retries: How often a run that failed is tried again; one that diverged is not, as it would diverge again.
        failures: Failed items at which the study stops; None where it goes on whatever fails.
    """

    lease: float = 90.0
    losses: int = 3
    retries: int = 0
    failures: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The limits as JSON."""
        return asdict(self)
