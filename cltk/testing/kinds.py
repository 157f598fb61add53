"""The kinds of component that the kit knows, by the names that the composition root gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cltk.errors import PluginError
from cltk.interfaces import GroupMetric
from cltk.kinds import KINDS
from cltk.testing.classifiers import CLASSIFIER_CHECKS
from cltk.testing.commands import COMMAND_CHECKS
from cltk.testing.generators import GENERATOR_CHECKS
from cltk.testing.group_metrics import GROUP_METRIC_CHECKS
from cltk.testing.launchers import LAUNCHER_CHECKS
from cltk.testing.metrics import METRIC_CHECKS
from cltk.testing.scenarios import SCENARIO_CHECKS
from cltk.testing.schedules import SCHEDULE_CHECKS
from cltk.testing.sinks import SINK_CHECKS
from cltk.testing.sources import SOURCE_CHECKS
from cltk.testing.strategies import STRATEGY_CHECKS
from cltk.testing.subject import Body

__all__ = ["checks_for"]

CHECKED: Mapping[str, Sequence[Body]] = {
    "scenario": SCENARIO_CHECKS,
    "strategy": STRATEGY_CHECKS,
    "generator": GENERATOR_CHECKS,
    "classifier": CLASSIFIER_CHECKS,
    "schedule": SCHEDULE_CHECKS,
    "metric": METRIC_CHECKS,
    "sink": SINK_CHECKS,
    "source": SOURCE_CHECKS,
    "launcher": LAUNCHER_CHECKS,
    "command": COMMAND_CHECKS,
}


def checks_for(target: Any) -> Sequence[Body]:
    """The checks of the kind that a class derives from; those of a command for a function.

    Raises:
        PluginError: It is of no kind.
    """
    if isinstance(target, type) and issubclass(target, GroupMetric):
        return GROUP_METRIC_CHECKS
    for name, checks in CHECKED.items():
        if KINDS[name].accepts(target):
            return checks
    bases = ", ".join(KINDS[name].expected for name in CHECKED if KINDS[name].base)
    raise PluginError(f"{target!r} is no component.", f"Derive it from one of {bases}, of cltk.interfaces.")
