"""The tables of an experiment file that make a study of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cltk.config import Overrides, check
from cltk.errors import ConfigError
from cltk.layers import parse_value
from cltk_studies.questions.grid import Ablation
from cltk_studies.questions.tuning import Tuning

__all__ = ["axes_of", "split_ablation", "split_tuning"]


def axes_of(texts: Iterable[str]) -> dict[str, list[Any]]:
    """Axes as typed: a field or slot, ``=``, and its values with commas between them.

    Raises:
        ConfigError: There is no ``=``, or an axis is given twice.
    """
    axes: dict[str, list[Any]] = {}
    for text in texts:
        path, equals, values = text.partition("=")
        if not equals or not path or path in axes:
            problem = f"The axis '{path}' is given twice." if path in axes else f"'{text}' is not an axis."
            raise ConfigError(problem, "Write each once, with all its values: --axis generator.latent_dim=2,20")
        value = parse_value(values)
        axes[path] = value if isinstance(value, list) else [value]
    return axes


def split_ablation(overrides: Overrides, where: str, options: Mapping[str, Any]) -> tuple[Ablation, Overrides]:
    """Splits a file into its table ``[ablate]`` and the experiment that all cells share.

    Args:
        overrides: What the file says.
        where: What errors call it.
        options: Fields of the table that are set beside it; those that are None are not.

    Raises:
        ConfigError: There is no such table, or it is not valid.
    """
    base = {key: value for key, value in overrides.items() if key not in ("tune", "ablate", "launcher")}
    table = {**overrides.get("ablate", {}), **_given(options)}
    if not {"axes", "variants"} & set(table) and "ablate" not in overrides:
        raise ConfigError(
            f"{where[:1].upper()}{where[1:]} has no table [ablate].",
            'Add one, such as: ablate.axes.schedule = ["fixed", "linear"]',
        )
    return check(Ablation, table, f"{where}, table [ablate]"), base


def split_tuning(overrides: Overrides, where: str, options: Mapping[str, Any]) -> tuple[Tuning, Overrides]:
    """Splits a file into its table ``[tune]`` and the experiment.

    Args:
        overrides: What the file says.
        where: What errors call it.
        options: Fields of the table that are set beside it; those that are None are not.

    Raises:
        ConfigError: The table is not valid.
    """
    base = {key: value for key, value in overrides.items() if key not in ("tune", "ablate", "launcher")}
    given = _given(options)
    table = dict(overrides.get("tune", {}))
    for name, other in (("budget", "pareto"), ("pareto", "budget")):
        if given.get(name):
            table.pop(other, None)  # One excludes the other, and what is given beside a file wins.
    return check(Tuning, table | given, f"{where}, table [tune]"), base


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
