"""The cells of an ablation: every combination of the values of its axes and its variants."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import Field

from cltk.config import Name, Overrides, Seeds, Settings, Slot, check, sound_part
from cltk.errors import ConfigError, Fault, Faults, closest, under
from cltk.experiment import Experiment
from cltk.kinds import SLOTS
from cltk.layers import NULL, combine, overlay, override_at
from cltk.mappings import flatten
from cltk.registry import find, load
from cltk.resolve import Resolved, resolve
from cltk_studies.questions.objective import ACCURACY, ObjectiveNames

__all__ = ["Ablation", "AxisValue", "experiments_of", "fitting"]

AxisValue = tuple[str, Overrides, str]
"""One value of an axis, or one variant: its label, what it sets, and where the study says so, by dotted path."""

_OWN = ("name", "description", "seeds")
"""Fields that tell runs apart and change nothing about them."""


class Ablation(Settings):
    """The table ``[ablate]`` of an experiment file: what is varied."""

    name: Name | None = Field(None, description="name of the study; by default, of the experiment")
    baseline: str | None = Field(None, description="the cell that all others are compared with; by default, the first")
    seeds: Seeds | None = Field(None, description="one run each in every cell; by default, the experiment's")
    objective: ObjectiveNames = (ACCURACY,)
    references: bool = Field(False, description="run joint training and fine-tuning beside the cells, as cells")
    axes: dict[str, Any] = Field({}, description="a list of values for each dotted field or slot")
    variants: tuple[dict[str, Any], ...] = Field((), description="named sets of fields, each a 'name' and the fields")


def experiments_of(ablation: Ablation, base: Overrides) -> dict[str, tuple[Overrides, Resolved]]:
    """The experiment of each cell by the cell's name, each with what it sets beside the base.

    Raises:
        ConfigError: There is no cell, two have the same name, or one is no valid experiment.
    """
    faults = Faults()
    base = sound_part(Experiment, base, "the experiment", faults)
    cells: dict[str, tuple[Overrides, Resolved]] = {}
    for labels, layers, places in _combinations(ablation, faults):
        name, own = ", ".join(labels), combine(layers)
        with faults.further(), _from(places, layers):
            if name in cells:
                raise ConfigError(
                    f"Two cells of the study are called '{name}'.", "List each value and variant once.", at="ablate"
                )
            cells[name] = own, resolve(check(Experiment, fitting(base, own), "the experiment"))
    faults.settle()
    return cells


@contextmanager
def _from(places: Sequence[str], layers: Sequence[Overrides]) -> Iterator[None]:
    """Says of what is wrong with a field that an axis or a variant sets that it is there."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError.of(_moved(fault, places, layers) for fault in error.faults) from error


def _moved(fault: Fault, places: Sequence[str], layers: Sequence[Overrides]) -> Fault:
    for place, layer in zip(places, layers, strict=True):
        for path, _ in flatten(layer):
            path = path.removesuffix(".name")
            if fault.at == path or fault.at.startswith(f"{path}."):
                return replace(fault, at=f"{place}.{path}", example="")
    return fault


def fitting(base: Overrides, own: Overrides) -> Overrides:
    """Lays what a cell sets over the base, and leaves out the base's slots that the cell's strategy does not use."""
    layer = overlay([base, own])
    slot = check(Experiment, layer, "the experiment").slot("strategy")
    if slot is None or slot.name is None:
        return layer
    used = load(find("strategy", slot.name)).slots
    return {key: value for key, value in layer.items() if key not in SLOTS[2:] or key in used or key in own}


def _combinations(
    ablation: Ablation, faults: Faults
) -> Iterator[tuple[Sequence[str], Sequence[Overrides], Sequence[str]]]:
    choices = []
    for path, values in flatten(ablation.axes):
        with faults.further():
            choices.append(_axis(path.replace("-", "_"), values))
    variants = []
    for number, variant in enumerate(ablation.variants):
        with faults.further(), under(f"ablate.variants.{number}"):
            variants.append(_variant(variant, f"ablate.variants.{number}"))
    if not (choices or variants or faults.all):
        raise ConfigError(
            "The study has no cell: no table [ablate] names an axis or a variant.",
            'Name what to vary: --axis schedule=fixed,linear, or under [ablate.axes]: schedule = ["fixed", "linear"].',
            at="ablate",
        )
    for combination in itertools.product(*choices, *([variants] if variants else [])):
        labels, layers, places = zip(*combination, strict=True) if combination else ((), (), ())
        yield labels, layers, places


def _axis(path: str, values: Any) -> list[AxisValue]:
    field, place = path.partition(".")[0], f"ablate.axes.{path}"
    valid = set(Experiment.model_fields) - set(_OWN)
    if field not in valid:
        raise ConfigError(f"The axis '{path}' is over a field that does not exist.", closest(field, valid), at=place)
    if not isinstance(values, list) or not values:
        raise ConfigError(
            f"The axis '{path}' has no values: {values!r}.",
            f"Give a list: {path} = [..., ...], or --axis {path}=..,..",
            at=place,
        )
    return [(_label(path, value), override_at(path, value), place) for value in values]


def _label(path: str, value: Any) -> str:
    """What a value is called: a component by its name and settings, a field by its last part and the value."""
    if path not in SLOTS:
        return f"{path.rpartition('.')[2]}={NULL if value is None else value}"
    slot = Slot.model_validate({"name": value} if isinstance(value, str) else value)
    return " ".join([slot.name or path, *(f"{name}={setting}" for name, setting in slot.settings.items())])


def _variant(variant: Mapping[str, Any], place: str) -> AxisValue:
    fields = dict(variant)
    name = fields.pop("name", None)
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"A variant has no name: {dict(variant)!r}.", 'Add name = "..." to each [[ablate.variants]].')
    if unknown := next((field for field in fields if field.partition(".")[0] not in Experiment.model_fields), None):
        raise ConfigError(
            f"The variant '{name}' sets the field '{unknown}', which does not exist.",
            closest(unknown, set(Experiment.model_fields) - set(_OWN)),
            at=unknown,
        )
    return name.strip(), combine(override_at(field, value) for field, value in fields.items()), place
