"""What configurations are made of: settings that are checked, and the types of fields that several of them share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from cltk.errors import ConfigError, Faults
from cltk.faults import fault_of
from cltk.mappings import deep_merge

__all__ = [
    "Name",
    "Names",
    "Overrides",
    "Seeds",
    "Settings",
    "Sizes",
    "Slot",
    "SlotField",
    "as_slot",
    "changed_without_effect",
    "check",
    "sound_part",
]

_MOST_SEEDS = 10_000

Overrides = dict[str, Any]
"""Settings as a file nests them; a part of an experiment."""

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """The root of all configurations: frozen, and unknown fields are refused.

    Where only some fields of a group within it are given, the others are those of the group's default here, which may
    differ from those of the group's class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _complete_groups(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        defaults = {name: field.default for name, field in cls.model_fields.items()}
        return {name: _completed(defaults.get(name), given) for name, given in values.items()}

    @field_validator("*", mode="wrap")
    @classmethod
    def _refuse_truth_as_number(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        valid = handler(value)
        if _has_truth(value) and not _has_truth(valid):
            raise ValueError("true and false are no numbers")
        return valid

    def without_effect(self) -> Mapping[str, str]:
        """The fields that have no effect as the others are set, each with why; whoever changes one is told."""
        return {}


def changed_without_effect(config: Settings, defaults: Settings | None = None) -> Iterator[tuple[str, str]]:
    """The fields that differ from their defaults without effect: each by its dotted path, with why.

    Args:
        config: The settings.
        defaults: What they are by default, where a group of settings has other defaults than its class.
    """
    ineffective = config.without_effect()
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        default = getattr(defaults, name) if defaults else field.get_default(call_default_factory=True)
        if name in ineffective and value != default:
            yield name, ineffective[name]
        if isinstance(value, Settings):
            inner = changed_without_effect(value, default if isinstance(default, type(value)) else None)
            yield from ((f"{name}.{path}", why) for path, why in inner)


def _has_truth(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, list | tuple) and any(map(_has_truth, value)))


def _completed(default: Any, given: Any) -> Any:
    """A group of settings, with what is not given taken from its default."""
    if not isinstance(default, Settings) or not isinstance(given, Mapping):
        return given
    return deep_merge(default.model_dump(), dict(given))


class Slot(BaseModel):
    """A component by name, with the settings that differ from its defaults."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings given."""
        return dict(self.model_extra or {})


def as_slot(value: object) -> object:
    """A component that is given by its name alone, as the table that it stands for; anything else as it is."""
    return {"name": value} if isinstance(value, str) else value


def _as_seeds(value: object) -> object:
    """Reads ``3``, ``"0..4"``, ``"0,2,5"`` and ``range(5)`` as lists of seeds."""
    if isinstance(value, str):
        if match := re.fullmatch(r"\s*(\d+)\s*\.\.\s*(\d+)\s*", value):
            first, last = int(match[1]), int(match[2])
            if not first <= last < first + _MOST_SEEDS:
                raise ValueError(f"a range goes upwards, over at most {_MOST_SEEDS:,} seeds, such as '0..4'")
            return tuple(range(first, last + 1))
        parts = [part.strip() for part in value.split(",")]
        if not all(re.fullmatch(r"\d+", part) for part in parts):
            raise ValueError("seeds are whole numbers, such as 0, 0..4 or 1,5")
        return tuple(parts)
    return _as_list(tuple(value) if isinstance(value, range) else value)


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


def _distinct(values: tuple[int, ...]) -> tuple[int, ...]:
    if not values:
        raise ValueError("there is no seed")
    if len(set(values)) < len(values):
        raise ValueError("the same seed twice")
    return values


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="what results are filed under")]
"""The type of a field for what ends up in the names of folders."""

Seeds = Annotated[
    tuple[Annotated[int, Field(ge=0, lt=2**63)], ...],
    Field(description="one run each: 0, [0, 1] or '0..4'"),
    BeforeValidator(_as_seeds, json_schema_input_type=int | str | tuple[int | str, ...]),
    AfterValidator(_distinct),
]
"""The type of a field for the seeds of runs."""

Size = Annotated[int, Field(gt=0)]

Names = Annotated[tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=str | tuple[str, ...])]
"""The type of a field for one name or a list of them."""

SlotField = Annotated[Slot, BeforeValidator(as_slot)]
"""The type of a field for a component: its name, or a table with its settings."""

Sizes = Annotated[
    tuple[Size, ...],
    BeforeValidator(_as_list, json_schema_input_type=Size | tuple[Size, ...]),
]
"""The type of a field for layer sizes: positive whole numbers, one of them or a list."""


def check(model: type[S], values: Overrides, where: str) -> S:
    """Validates ``values``; ``where`` names them in the error, such as ``generator 'vae'``.

    Raises:
        ConfigError: Fields are unknown, missing, of the wrong type, or out of their range; it tells all of them.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise ConfigError.of(fault_of(problem, model, where) for problem in problems) from error


def sound_part(model: type[Settings], values: Overrides, where: str, faults: Faults) -> Overrides:
    """Leaves out what is wrong with ``values``, which goes to ``faults``; what is left is valid."""
    try:
        check(model, values, where)
    except ConfigError as error:
        faults.all.extend(error.faults)
        wrong = {fault.at.partition(".")[0] for fault in error.faults}
        return {name: value for name, value in values.items() if name not in wrong}
    return values
