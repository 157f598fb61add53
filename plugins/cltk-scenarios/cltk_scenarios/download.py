"""Downloading a published file from torchvision's mirrors."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cltk.errors import DataError, DataUnavailableError

__all__ = ["download"]

ANSWER_WITHIN = 4.0
"""Seconds in which a mirror must answer at all; without a network, this is what a user waits for."""

_NO = ("", "0", "false", "no", "off")
"""What ``CLTK_OFFLINE`` is where downloads are allowed, in any case of letters."""

STALL = 30.0
"""Seconds without a byte after which a download is given up."""


def download(dataset: str, file: str, md5: str, folder: Path) -> None:
    """Puts a file into ``folder`` when it is there in full and has its checksum, never before.

    Args:
        dataset: The class in ``torchvision.datasets`` that lists the mirrors.
        file: The published file.
        md5: Its checksum.
        folder: Where to; made if it is not there.

    Raises:
        DataUnavailableError: ``CLTK_OFFLINE`` forbids the download, or no mirror has the file.
        DataError: The folder cannot be written.
    """
    if os.environ.get("CLTK_OFFLINE", "").lower() not in _NO:
        raise DataUnavailableError(f"CLTK_OFFLINE forbids to download '{file}'.", "Unset it to allow downloads.")
    # Imported here because it takes longer than reading a data set that is there.
    from torchvision import datasets

    failures = []
    for mirror in getattr(datasets, dataset).mirrors:
        url = f"{mirror}{file}"
        failure = _silence(url) or _transfer(url, file, md5, folder)
        if failure is None:
            return
        failures.append(f"{url}: {failure}")
    raise DataUnavailableError(
        f"'{file}' could not be downloaded ({'; '.join(failures)}).", "Check the network connection and try again."
    )


def _transfer(url: str, file: str, md5: str, folder: Path) -> str | None:
    """Downloads into a folder beside, then renames; says what went wrong with the mirror, None where nothing did."""
    from torchvision.datasets.utils import download_url

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
            try:
                with _quiet():
                    download_url(url, temporary, file, md5)
            except (OSError, RuntimeError, HTTPException) as error:
                return str(error)
            os.replace(Path(temporary, file), folder / file)
    except OSError as error:
        raise DataError(f"Cannot write to '{folder}': {error}.", "Name a folder that you may write to.") from error
    return None


def _silence(url: str) -> str | None:
    """Why a mirror does not answer in time; None where it does.

    Asked in a thread because name resolution heeds no timeout, and a connection is tried for each address in turn.
    """
    answers: list[str | None] = []

    def ask() -> None:
        try:
            urlopen(Request(url, method="HEAD"), timeout=ANSWER_WITHIN).close()  # noqa: S310 - torchvision's own mirrors
            answers.append(None)
        except HTTPError as error:
            # A refusal is an answer: some servers refuse HEAD alone, and the download itself says what else is wrong.
            error.close()
            answers.append(None)
        except (OSError, HTTPException) as error:
            answers.append(str(error))

    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_WITHIN)
    return answers[0] if answers else f"no answer within {ANSWER_WITHIN:.0f} seconds"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps torchvision's messages and bars to itself, and gives its connections the timeout that it sets none for."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(STALL)
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(before)
