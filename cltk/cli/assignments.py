"""Values such as ``schedule=fixed``, for the shell to complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable

__all__ = ["assignments", "last_of_list"]


def assignments(incomplete: str, names: Iterable[str], values: Callable[[str, str], Iterable[str]]) -> list[str]:
    """Completes ``name=value``; of a single name, what may follow it, too.

    Args:
        incomplete: What was typed.
        names: What may stand before the ``=``.
        values: Completes what stands behind it, from the name and what was typed there.
    """
    name, equals, typed = incomplete.partition("=")
    if equals:
        return [f"{name}={value}" for value in values(name, typed)]
    matches = sorted({each for each in names if each.startswith(name)})
    following = [f"{matches[0]}={value}" for value in values(matches[0], "")] if len(matches) == 1 else []
    return [f"{match}=" for match in matches] + following


def last_of_list(typed: str, valid: Iterable[str]) -> list[str]:
    """Completes the last of several words with commas between them, which are not given twice."""
    before, comma, last = typed.rpartition(",")
    given = before.split(",")
    return [f"{before}{comma}{word}" for word in valid if word.startswith(last) and word not in given]
