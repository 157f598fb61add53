"""Completion in bash, which takes ``schedule=fi`` for three words and replaces the last of them alone."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stdout
from io import StringIO

__all__ = ["words_joined"]


@contextmanager
def words_joined(variables: MutableMapping[str, str]) -> Iterator[None]:
    """Where bash completes, gives it within what other shells give, and parts what is printed there as bash does.

    Args:
        variables: The environment, which says what was typed.
    """
    if variables.get("_CLTK_COMPLETE") != "complete_bash":
        yield
        return
    words, place = _joined(variables["COMP_WORDS"].split("\n"), int(variables["COMP_CWORD"]))
    variables.update(COMP_WORDS="\n".join(words), COMP_CWORD=str(place))
    typed = words[place] if place < len(words) else ""
    value = typed.partition("=")[2] if typed.startswith("-") else typed
    printed = StringIO()
    try:
        with redirect_stdout(printed):
            yield
    finally:
        for line in printed.getvalue().splitlines():
            print(line.removeprefix(value[: value.rfind("=") + 1]))


def _joined(parts: list[str], place: int) -> tuple[list[str], int]:
    """The words whole, and which of them has the part at a place."""
    words: list[str] = []
    joined_place = place
    for number, part in enumerate(parts):
        if words and (part == "=" or parts[number - 1] == "="):
            words[-1] += part
        else:
            words.append(part)
        if number == place:
            joined_place = len(words) - 1
    return words, joined_place
