"""Numbers as a person reads them."""

from __future__ import annotations

from cltk.cli.console import format_bytes
from cltk.runs.summary import Estimate
from cltk_studies.answers.statistics import PairedDifference

__all__ = ["format_bytes", "format_duration", "format_mean", "format_p", "format_value"]


def format_value(value: float, *, signed: bool = False) -> str:
    """A number with as many decimals as its size leaves room for, such as ``0.9123``, ``61.5`` or ``47,000``."""
    return f"{value:{'+' if signed else ''},.{_decimals(value)}f}"


def format_mean(value: Estimate | PairedDifference | None, *, signed: bool = False) -> str:
    """A mean with its interval, such as ``0.9123 ± 0.0045``; empty for None."""
    if value is None:
        return ""
    mean = format_value(value.mean, signed=signed)
    return mean if value.ci95 is None else f"{mean} ± {value.ci95:,.{_decimals(value.mean)}f}"


def format_p(difference: PairedDifference | None) -> str:
    """The adjusted p value; a dash where there is none."""
    if difference is None:
        return ""
    if difference.p_holm is None:
        return "-"
    return "< 0.0001" if difference.p_holm < 0.0001 else f"{difference.p_holm:.4f}"


def format_duration(seconds: float) -> str:
    """A duration, such as ``0.4 s``, ``12 s``, ``7 min`` or ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _decimals(value: float) -> int:
    size = abs(value)
    return 4 if size < 10 else 1 if size < 1000 else 0
