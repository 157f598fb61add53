"""The two streams: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import IO, Any

from cltk.errors import CltkError, ConfigError

__all__ = [
    "format_bytes",
    "noise_to_stderr",
    "print_json",
    "print_result",
    "print_rows",
    "show_error",
    "show_notice",
    "spell_out",
]

_SPELLED = {
    "±": "+/-", "·": "-", "…": "...", "–": "-", "—": "-", "↑": "up", "↓": "down", "∞": "inf", "×": "x",
    "≥": ">=", "≤": "<=", "²": "^2", "³": "^3", "’": "'",
}  # fmt: skip
_UNBOUNDED = 10_000

_json: IO[str] | None = None
"""Where JSON goes while all else that is printed goes to standard error."""


@contextmanager
def noise_to_stderr() -> Iterator[None]:
    """Keeps standard output for ``print_json``: what components and libraries print within goes to standard error."""
    global _json
    if _json is not None:
        yield
        return
    stdout, descriptor = sys.stdout, None
    if stdout is sys.__stdout__ and stdout is not None:  # Else it is no descriptor: somebody has redirected it already.
        descriptor = os.dup(1)
        os.dup2(2, 1)
        stdout = os.fdopen(descriptor, "w", encoding="utf-8", closefd=False)
    before, sys.stdout, _json = sys.stdout, sys.stderr, stdout
    try:
        yield
    finally:
        sys.stdout, _json = before, None
        stdout.flush()
        if descriptor is not None:
            os.dup2(descriptor, 1)
            os.close(descriptor)


def print_json(value: Any) -> None:
    """Prints one JSON value on standard output."""
    stream = _json or sys.stdout
    json.dump(value, stream, indent=2, allow_nan=False)
    stream.write("\n")


def print_result(*parts: Any, stderr: bool = False) -> None:
    """Prints text and tables of rich on standard output; elsewhere than in a terminal nothing is wrapped or padded.

    What stands in brackets or between colons is text like any other: much of it was written by others.

    Args:
        parts: What to print, each on lines of its own.
        stderr: Whether to print on standard error.
    """
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, emoji=False)
    if console.is_terminal:
        console.print(*parts, sep="\n")
        return
    console = Console(width=_UNBOUNDED, markup=False, emoji=False)
    with console.capture() as capture:
        console.print(*parts, sep="\n")
    for line in capture.get().splitlines():
        print(line.rstrip(), file=sys.stderr if stderr else sys.stdout)


def spell_out(error: UnicodeError) -> tuple[str, int]:
    """Replaces what the encoding of a stream lacks, as an error handler of ``codecs`` does."""
    assert isinstance(error, UnicodeEncodeError)
    return "".join(_SPELLED.get(sign, "?") for sign in error.object[error.start : error.end]), error.end


def format_bytes(count: float) -> str:
    """A number of bytes, such as ``640 B``, ``24.6 KiB`` or ``1.88 MiB``."""
    if count < 1024:
        return f"{count:.0f} B"
    return f"{count / 1024:.1f} KiB" if count < 1024**2 else f"{count / 1024**2:,.2f} MiB"


def print_rows(rows: Sequence[Mapping[str, Any]], json: bool) -> None:
    """Prints rows of the same columns on standard output, as JSON or aligned; without rich, which is slow to import."""
    if json:
        print_json(rows)
        return
    columns = [(name, *(str(row[name]) for row in rows)) for name in (rows[0] if rows else ())]
    widths = [max(map(len, column)) for column in columns]
    width = get_terminal_size().columns if sys.stdout.isatty() else _UNBOUNDED
    for line in zip(*columns, strict=True):
        text = "  ".join(map(str.ljust, line, widths)).rstrip()
        print(textwrap.fill(text, width, subsequent_indent="    ", break_on_hyphens=False))


def show_error(error: CltkError) -> None:
    """Says what went wrong and what to do next, in a panel on standard error."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    text = Text("\n\n").join(_paragraph(*said) for said in _said(error))
    Console(stderr=True).print(Panel(text, title="Error", title_align="left", border_style="red"))


def _said(error: CltkError) -> list[tuple[str, str]]:
    """All that is wrong, each with what to do."""
    faults = error.faults if isinstance(error, ConfigError) else ()
    return [(fault.problem, fault.advice) for fault in faults] or [(error.problem, error.advice)]


def _paragraph(problem: str, advice: str) -> Any:
    from rich.text import Text

    return Text.assemble(problem, *([("\n" + advice, "bold")] if advice else []))


def show_notice(text: str) -> None:
    """Says something that the user should know, on standard error."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text.assemble(("Note: ", "yellow"), text))
