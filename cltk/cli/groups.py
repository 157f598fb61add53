"""Groups of options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar, get_type_hints

__all__ = ["with_groups"]

F = TypeVar("F", bound=Callable[..., Any])


def with_groups(function: F) -> F:
    """Lets a command take groups of options: a parameter annotated with a dataclass stands for the fields of it.

    Each field is an option of its own, annotated as Typer expects it. Typer reads the signature that this makes.

    Args:
        function: A command, whose groups come last.
    """
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    own = [
        parameter.replace(annotation=hints[name])
        for name, parameter in signature(function).parameters.items()
        if name not in groups
    ]
    shared = [option for group in groups.values() for option in _options(group)]

    def command(**values: Any) -> Any:
        made = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return function(**values, **made)

    command.__name__, command.__doc__, command.__module__ = function.__name__, function.__doc__, function.__module__
    command.__signature__ = Signature([*own, *shared])  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *shared)}
    return command  # type: ignore[return-value]


def _options(group: Any) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in fields(group)
    ]
