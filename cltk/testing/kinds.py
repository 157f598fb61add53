"""The checks of each kind of component, from the module that is named as the kind's entry points are."""

from __future__ import annotations

from collections.abc import Sequence
from pkgutil import resolve_name
from typing import Any

from cltk.errors import PluginError
from cltk.interfaces import GroupMetric
from cltk.kinds import KINDS, Kind
from cltk.testing.group_metrics import GROUP_METRIC_CHECKS
from cltk.testing.subject import Body

__all__ = ["checks_for"]


def checks_for(target: Any) -> Sequence[Body]:
    """The checks of the kind that a class derives from; those of a command for a function.

    Raises:
        PluginError: It is of no kind.
    """
    if isinstance(target, type) and issubclass(target, GroupMetric):
        return GROUP_METRIC_CHECKS
    for kind in KINDS.values():
        if kind.accepts(target):
            return _checks_of(kind)
    bases = ", ".join(kind.expected for kind in KINDS.values() if kind.base)
    raise PluginError(f"{target!r} is no component.", f"Derive it from one of {bases}, of cltk.interfaces.")


def _checks_of(kind: Kind) -> Sequence[Body]:
    """``CHECKS`` of ``cltk.testing.scenarios`` for the kind of ``cltk.scenarios``, and so on."""
    checks: Sequence[Body] = resolve_name(f"cltk.testing.{kind.group.removeprefix('cltk.')}:CHECKS")
    return checks
