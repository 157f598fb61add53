"""The kinds of component that the kit knows, by the names that the composition root gives them."""

from __future__ import annotations

from typing import Any

from cltk.errors import PluginError
from cltk.kinds import KINDS
from cltk.testing import networks
from cltk.testing.classifiers import CLASSIFIER_CHECKS
from cltk.testing.components import Kind
from cltk.testing.generators import GENERATOR_CHECKS
from cltk.testing.metrics import METRIC
from cltk.testing.scenarios import SCENARIO
from cltk.testing.schedules import SCHEDULE
from cltk.testing.sequences import info_of
from cltk.testing.strategies import STRATEGY
from cltk.testing.subject import Subject

__all__ = ["kind_of"]


def _network(subject: Subject) -> object:
    return subject.build(info_of())


CHECKED = {
    "scenario": SCENARIO,
    "strategy": STRATEGY,
    "generator": Kind(_network, networks.exercise, GENERATOR_CHECKS),
    "classifier": Kind(_network, networks.exercise, CLASSIFIER_CHECKS),
    "schedule": SCHEDULE,
    "metric": METRIC,
}


def kind_of(cls: type[Any]) -> Kind:
    """The kind of a class, by what it derives from.

    Raises:
        PluginError: It derives from none.
    """
    for name, checks in CHECKED.items():
        if KINDS[name].accepts(cls):
            return checks
    bases = ", ".join(KINDS[name].expected for name in CHECKED)
    raise PluginError(f"{cls!r} is no component.", f"Derive it from one of {bases}, of cltk.interfaces.")
