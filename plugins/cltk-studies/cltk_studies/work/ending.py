"""What comes of work on a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cltk.config import Overrides
from cltk_studies.answers.results import StudyResult

__all__ = ["ChosenTrial", "Ending"]


@dataclass(frozen=True, slots=True)
class ChosenTrial:
    """The configuration that a search chose.

    Attributes:
        label: What the trial is called.
        counts: Samples replayed at each task.
        accuracy: Its mean validation accuracy, over the seeds of the search.
        values: What it reaches in each metric of the objective, by name.
        experiment: Its experiment, evaluated on test data, with the test seeds.
        file: Where that is written, as ``cltk run`` takes it.
    """

    label: str
    counts: Sequence[int]
    accuracy: float
    values: Mapping[str, float]
    experiment: Overrides
    file: Path


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a study.

    Attributes:
        result: What the study says so far; None where nothing of it is finished, or where somebody else has begun it.
        errors: Why runs or trials failed, by what they are called.
        interrupted: Whether the user ended the work.
        notices: What the user should know, a sentence each.
        chosen: What a search chose; None for other studies, and where no trial is finished.
        test: What came of the comparison of a search's choice on test data; None where there was none.
        detached: Whether workers were left at work.
    """

    result: StudyResult | None
    errors: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    notices: Sequence[str] = ()
    chosen: ChosenTrial | None = None
    test: Ending | None = None
    detached: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON; empty where there is none."""
        return {} if self.result is None else self.result.to_dict()
