"""A published figure that a component is said to reproduce."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Published"]


@dataclass(frozen=True, slots=True)
class Published:
    """A figure from a paper, and the cell of a study that is to give it here.

    What came of that cell is no part of it: ``cltk verify`` writes it from finished runs into ``verified.json`` beside
    the component's package, and what is said of the component is read from there.

    Attributes:
        what: What was measured, such as "class-incremental Split MNIST", with what differs between there and here.
        value: The mean in the paper.
        source: Where it stands, such as "arXiv 2104.10093, table 2".
        study: The study that shows it.
        cell: The cell of that study.
        metric: The metric, by its name.
    """

    what: str
    value: float
    source: str
    study: str
    cell: str
    metric: str = "final-average-accuracy"
