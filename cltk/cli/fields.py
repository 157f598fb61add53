"""The fields of the components that a command line names, for its help and for the shell to complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from inspect import Parameter, Signature
from typing import Annotated, Any

import typer
from typer.main import get_command

from cltk.cli.complete import words
from cltk.errors import CltkError
from cltk.kinds import KINDS, SLOTS

__all__ = ["completed_options", "described_options", "fields_taking_part", "typed_values"]

Option = tuple[str, dict[str, Any]]
"""What to type, such as ``--generator.latent-dim``, and what ``describe`` says of the field."""


def described_options(args: Sequence[str]) -> list[tuple[str, str]]:
    """The fields of the components that are named, such as in ``--generator vae``, each with what it means."""
    fields = [field for kind, name in _named(args) for field in _fields(kind, name)]
    return [(option, _sentence(field)) for option, field in fields]


def fields_taking_part(args: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The fields, by their options, of the components that are named and of those that fill other slots by default."""
    from cltk.registry import default_names

    named = list(_named(args))
    others = [slot for slot in SLOTS if slot not in dict(named)]
    chosen = [*named, *((slot, name) for slot in others for name in default_names(slot))]
    return dict(field for kind, name in chosen for field in _fields(kind, name))


def typed_values(field: Mapping[str, Any]) -> list[str]:
    """What may be typed as a field: what is valid, where that can be listed, and its default."""
    from cltk.layers import as_typed

    return list(dict.fromkeys(map(as_typed, [*field["values"], field["default"]])))


def completed_options(args: Sequence[str]) -> list[Any]:
    """The fields that take part, as options."""
    parameters = [_parameter(f"field_{place}", *field) for place, field in enumerate(fields_taking_part(args).items())]

    def command(**values: Any) -> None: ...

    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    app = typer.Typer(add_completion=False)
    app.command()(command)
    return list(get_command(app).params)


def _parameter(name: str, option: str, field: dict[str, Any]) -> Parameter:
    annotation = Annotated[str | None, typer.Option(option, autocompletion=words(*typed_values(field)))]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _named(args: Sequence[str]) -> Iterator[tuple[str, str]]:
    for place, arg in enumerate(args):
        kind, equals, name = arg.removeprefix("--").partition("=")
        if arg.startswith("--") and kind in KINDS:
            name = name if equals else "".join(args[place + 1 : place + 2])
            if name:
                yield kind, name


def _fields(kind: str, name: str) -> list[Option]:
    """The fields of a component, none where it cannot be loaded: help and completion are no place for an error."""
    from cltk.cli.describe import describe
    from cltk.registry import find, load

    try:
        plugin = find(kind, name)
        description = describe(plugin, load(plugin))
    except CltkError:
        return []
    beginning = description["option"].removesuffix("<field>")
    return [(beginning + field["name"].replace("_", "-"), field) for field in description["fields"]]


def _sentence(field: dict[str, Any]) -> str:
    from cltk.layers import as_typed

    parts = [field["description"], f"{field['type']} {field['range']}".rstrip()]
    return f"{'; '.join(filter(None, parts))} [default: {as_typed(field['default'])}]"
