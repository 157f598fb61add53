"""Differences between cells that share their seeds, and what may be inferred from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cltk.runs.summary import estimate

__all__ = ["LEAST_SEEDS", "PairedDifference", "adjust_by_holm", "paired_difference"]

LEAST_SEEDS = 3
"""The fewest seeds that a p value is given for: a t test on two differences takes its spread from one number."""

_ROUNDING = 1e-9
"""Differences that agree to within this share of the values compared vary by rounding alone."""

_TOO_FEW = f"fewer than {LEAST_SEEDS} seeds"
_CONSTANT = "the differences do not vary"


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A mean difference over seeds that two cells have in common.

    Attributes:
        n: Number of these seeds.
        mean: The mean difference.
        ci95: Half the width of its 95 % interval; None where there is nothing to infer it from.
        p: The p value of a paired t test; None where there is nothing to infer it from.
        p_holm: The p value adjusted for the number of cells that are compared with the baseline.
        reason: Why there is no p value; empty where there is one.
    """

    n: int
    mean: float
    ci95: float | None = None
    p: float | None = None
    p_holm: float | None = None
    reason: str = ""


def paired_difference(
    values: Mapping[int, float], baseline: Mapping[int, float], resolution: float = 0.0
) -> PairedDifference | None:
    """Compares two cells over the seeds that both have, by a paired t test.

    A t test, because five seeds must be able to settle something: the exact sign-flip and signed-rank tests have no p
    value below 2 / 2^5 = 0.0625 there, whatever the differences are. It asks for differences that are roughly normal,
    which means over thousands of test samples are. Runs are paired by construction: a seed means the same streams.

    Differences that do not vary at all leave a t test without a scale: a quantity that no seed changes, or accuracies
    that happen to differ by the same number of test samples. Nothing is inferred from them. Nor are differences taken
    to vary by less than one test sample, however well a few of them agree.

    Args:
        values: Of the cell, by seed.
        baseline: Of the baseline, by seed.
        resolution: The smallest step between two values, such as 1 / n for a share of n test samples.

    Returns:
        None where they share no seed.
    """
    shared = [seed for seed in values if seed in baseline]
    if not shared:
        return None
    differences = [values[seed] - baseline[seed] for seed in shared]
    found = estimate(differences)
    if found.std is None or found.ci95 is None:
        return PairedDifference(found.n, found.mean, reason=_TOO_FEW)
    scale = max(abs(value) for seed in shared for value in (values[seed], baseline[seed]))
    if max(differences) - min(differences) <= _ROUNDING * scale:
        return PairedDifference(found.n, found.mean, reason=_CONSTANT)
    widening = max(1.0, resolution / found.std)
    half_width = found.ci95 * widening
    if found.n < LEAST_SEEDS:
        return PairedDifference(found.n, found.mean, half_width, reason=_TOO_FEW)
    from scipy.special import stdtr

    error = found.std * widening / math.sqrt(found.n)
    return PairedDifference(found.n, found.mean, half_width, 2 * float(stdtr(found.n - 1, -abs(found.mean) / error)))


def adjust_by_holm(differences: Mapping[str, PairedDifference]) -> dict[str, PairedDifference]:
    """Adjusts the p values of several cells against one baseline, after Holm (1979): valid whatever depends on what.

    Cells without a p value count as compared too.
    """
    order = sorted((difference.p, name) for name, difference in differences.items() if difference.p is not None)
    adjusted = dict(differences)
    highest = 0.0
    for rank, (p, name) in enumerate(order):
        highest = max(highest, min(1.0, (len(differences) - rank) * p))
        adjusted[name] = replace(differences[name], p_holm=highest)
    return adjusted
