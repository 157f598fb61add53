"""What the configuration of every component promises."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any, get_args

import tomli_w
from pydantic import BaseModel

from cltk.config import Settings, check
from cltk.errors import ConfigError
from cltk.testing.defects import require
from cltk.testing.subject import Body, Subject

__all__ = ["SETTINGS_CHECKS"]

UNKNOWN = "no_such_field"


def settings_are_frozen(subject: Subject) -> None:
    """``Config`` derives from ``cltk.config.Settings``, and neither its fields nor their values can be changed."""
    for model in _models(subject.cls.Config):
        derived = isinstance(model, type) and issubclass(model, Settings)
        require(derived, f"{model} does not derive from Settings", "Write class Config(Settings): ...")
        require(bool(model.model_config.get("frozen")), f"{model.__name__} is not frozen", "Leave frozen=True alone.")
    try:
        hash(subject.config)
    except TypeError as error:
        fix = "Use a tuple for a list, nested Settings for a dict."
        require(False, f"a value can be changed in place ({error})", fix)


def settings_refuse_unknown_fields(subject: Subject) -> None:
    """A field that ``Config`` does not have is refused."""
    for model in _models(subject.cls.Config):
        allowed = model.model_config.get("extra")
        require(allowed == "forbid", f"{model.__name__} has extra={allowed!r}", 'Leave extra="forbid" alone.')
    try:
        check(subject.cls.Config, {**subject.settings, UNKNOWN: 1}, "config")
    except ConfigError:
        return
    require(False, f"the field '{UNKNOWN}' was let pass", "Let no validator drop unknown fields.")


def settings_survive_toml_and_json(subject: Subject) -> None:
    """Written as TOML or as JSON and read again, the settings are the same."""
    config = subject.config
    plain = config.model_dump(mode="json")
    toml = tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))
    for form, values in (("JSON", json.loads(json.dumps(plain))), ("TOML", tomllib.loads(toml))):
        read = check(type(config), values, f"the config read from {form}")
        fix = "Use types that JSON knows; a field that may be None has None as its default, as TOML has no None."
        require(read == config, f"{form} made {config!r} into {read!r}", fix)


def settings_are_described(subject: Subject) -> None:
    """Every field has a description, which the command line shows."""
    for model in _models(subject.cls.Config):
        bare = [name for name, field in model.model_fields.items() if not field.description]
        require(not bare, f"{model.__name__} says nothing of {', '.join(bare)}", 'Add Field(..., description="...").')


def _models(model: Any) -> Iterator[Any]:
    """A configuration and those nested in it."""
    yield model
    for field in getattr(model, "model_fields", {}).values():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _models(kind)


SETTINGS_CHECKS: tuple[Body, ...] = (
    settings_are_frozen,
    settings_refuse_unknown_fields,
    settings_survive_toml_and_json,
    settings_are_described,
)
