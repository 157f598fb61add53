"""What benchmarks make of the arguments and the data that they are given."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cltk.data_folders import data_folders
from cltk.errors import CltkError

__all__ = ["NO_MNIST", "count", "errors_told", "folder_with_mnist"]

NO_MNIST = (
    "The files of MNIST are not here. Name the folder that holds MNIST/raw by CLTK_DATA_DIR, or type "
    "'cltk data fetch split-mnist' where there is a network."
)


def count(text: str) -> int:
    """A whole number from 1 up, as the type of an argument.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 up was expected, not {text!r}")
    return int(text)


@contextmanager
def errors_told(parser: argparse.ArgumentParser) -> Iterator[None]:
    """Ends the program with what an error of cltk says, instead of a traceback."""
    try:
        yield
    except CltkError as error:
        parser.error(str(error))


def folder_with_mnist() -> Path | None:
    """The folder that holds ``MNIST/raw``: that of ``CLTK_DATA_DIR``, or what ``cltk data fetch`` has filled."""
    folders = data_folders(None)
    return next((folder for folder in folders if any((folder / "MNIST" / "raw").glob("train-images*"))), None)
