"""What a command writes: to standard output, or to a file that the user names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cltk.cli.console import show_notice
from cltk.errors import StoreError

__all__ = ["write_text", "writing"]


def write_text(text: str, output: Path | None) -> None:
    """Writes text to a file, or to standard output where none is named.

    Raises:
        StoreError: It cannot be written.
    """
    if output is None:
        print(text, end="")
        return
    with writing(output):
        output.write_text(text, encoding="utf-8")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Says that ``path`` was written or, of what cannot be written within, that it is that.

    Raises:
        StoreError: Something cannot be.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}.", "Name another one.") from error
    show_notice(f"Written: {path}")
