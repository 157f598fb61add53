"""The tables of an experiment file that make a study of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from cltk.config import Overrides, Settings, sound_part
from cltk.errors import Fault, Faults, under
from cltk.experiment import Experiment
from cltk.layers import parse_value
from cltk_studies.questions.grid import Ablation
from cltk_studies.questions.tuning import Tuning

__all__ = ["axes_of", "split_ablation", "split_tuning"]

S = TypeVar("S", bound=Settings)

_TABLES = ("ablate", "tune", "launcher")
"""What studies alone read of a file."""


def axes_of(texts: Iterable[str], faults: Faults) -> dict[str, list[Any]]:
    """Axes as typed: a field or slot, ``=``, and its values with commas between them.

    Args:
        texts: An axis each.
        faults: Takes which of them is given again.
    """
    axes: dict[str, list[Any]] = {}
    for text in texts:
        typed, equals, values = text.partition("=")
        path = typed.replace("-", "_")
        value = parse_value(values) if equals else []
        if path in axes:
            advice = f"Write it once, with all its values: --axis {typed}=..,.."
            faults.all.append(Fault(f"The axis '{path}' is given twice.", advice, at=f"ablate.axes.{path}"))
        axes.setdefault(path, []).extend(value if isinstance(value, list) else [value])
    return axes


def split_ablation(overrides: Overrides, options: Mapping[str, Any], faults: Faults) -> tuple[Ablation, Overrides]:
    """Splits a file into its table ``[ablate]`` and the experiment that all cells share.

    Args:
        overrides: What the file says.
        options: Fields of the table that are set beside it; those that are None are not.
        faults: Takes what is wrong with the table; what is right is returned.
    """
    base = _above("ablate", Ablation, overrides, faults)
    table = {**overrides.get("ablate", {}), **_given(options)}
    _check_table("tune", Tuning, overrides.get("tune", {}), faults)
    return _check_table("ablate", Ablation, table, faults), base


def split_tuning(overrides: Overrides, options: Mapping[str, Any], faults: Faults) -> tuple[Tuning, Overrides]:
    """Splits a file into its table ``[tune]`` and the experiment.

    Args:
        overrides: What the file says.
        options: Fields of the table that are set beside it; those that are None are not.
        faults: Takes what is wrong with the table; what is right is returned.
    """
    base = _above("tune", Tuning, overrides, faults)
    given = _given(options)
    table = dict(overrides.get("tune", {}))
    for name, other in (("budget", "pareto"), ("pareto", "budget")):
        if given.get(name):
            table.pop(other, None)  # One excludes the other, and what is given beside a file wins.
    _check_table("ablate", Ablation, overrides.get("ablate", {}), faults)
    return _check_table("tune", Tuning, table | given, faults), base


def _above(name: str, model: type[Settings], overrides: Overrides, faults: Faults) -> Overrides:
    """What stands above a file's tables, without fields that belong into the table ``name``, which go to ``faults``."""
    misplaced = overrides.keys() & (model.model_fields.keys() - Experiment.model_fields.keys())
    for field in sorted(misplaced):
        faults.all.append(Fault(f"The field '{field}' is one of [{name}].", f"Put it below [{name}].", at=field))
    return {key: value for key, value in overrides.items() if key not in (*_TABLES, *misplaced)}


def _check_table(name: str, model: type[S], table: Overrides, faults: Faults) -> S:
    """A table of the file, without what is wrong with it, which goes to ``faults``."""
    own = Faults()
    sound = sound_part(model, table, f"table [{name}]", own)
    with faults.further(), under(name):
        own.settle()
    return model.model_validate(sound)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
