"""The two streams: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cltk.errors import CltkError

__all__ = ["print_json", "print_rows", "show_error", "show_notice"]


def print_json(value: Any) -> None:
    """Prints one JSON value on standard output."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def print_rows(rows: Sequence[Mapping[str, Any]], json: bool) -> None:
    """Prints rows of the same columns on standard output, as JSON or aligned; without rich, which is slow to import."""
    if json:
        print_json(rows)
        return
    columns = [(name, *(str(row[name]) for row in rows)) for name in (rows[0] if rows else ())]
    widths = [max(map(len, column)) for column in columns]
    for line in zip(*columns, strict=True):
        print("  ".join(map(str.ljust, line, widths)).rstrip())


def show_error(error: CltkError) -> None:
    """Says what went wrong and what to do next, in a panel on standard error."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    text = Text(error.problem)
    if error.advice:
        text.append(f"\n\n{error.advice}", style="bold")
    Console(stderr=True).print(Panel(text, title="Error", title_align="left", border_style="red"))


def show_notice(text: str) -> None:
    """Says something that the user should know, on standard error."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text.assemble(("Note: ", "yellow"), text))
