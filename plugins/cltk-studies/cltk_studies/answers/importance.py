"""How much the parameters of a search matter."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import optuna

__all__ = ["parameter_importances"]


def parameter_importances(study: optuna.Study) -> Mapping[str, float]:
    """The share of each parameter in what the first objective depends on, by PED-ANOVA; empty for too few trials."""
    several = len(study.directions) > 1
    # With several objectives, it asks for a target, of which less is better.
    sign = 1 if study.directions[0] == optuna.study.StudyDirection.MINIMIZE else -1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It warns that it cannot tell what the target's direction is.
            found = optuna.importance.get_param_importances(
                study, target=(lambda trial: sign * trial.values[0]) if several else None
            )
    except (ValueError, RuntimeError, ZeroDivisionError):
        return {}
    return {name: value for name, value in found.items() if math.isfinite(value)}
