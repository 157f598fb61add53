"""Numbers as a person reads them."""

from __future__ import annotations

from cltk_studies.answers.statistics import Difference, Estimate

__all__ = ["clock", "interval", "probability"]


def interval(of: Estimate | Difference | None, *, signed: bool = False) -> str:
    """A mean with its interval, such as ``0.9123 ± 0.0045``."""
    if of is None:
        return ""
    mean = f"{of.mean:+.4f}" if signed else f"{of.mean:.4f}"
    return mean if of.ci95 is None else f"{mean} ± {of.ci95:.4f}"


def clock(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def probability(of: Difference | None) -> str:
    """The adjusted p value."""
    if of is None or of.p_holm is None:
        return ""
    return "< 0.0001" if of.p_holm < 0.0001 else f"{of.p_holm:.4f}"
