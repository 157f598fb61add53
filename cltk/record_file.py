"""The file of a record: an entry a line, sealed by a checksum, and of which schema it is."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from cltk.errors import StoreError
from cltk.files import read_bounded
from cltk.record import SCHEMA, Record
from cltk.record_v1 import SCHEMA_1, upgrade

__all__ = ["read_record", "to_json"]

_CHECKSUM = "sha256"


def read_record(path: Path) -> Record:
    """Reads a record of this version or an earlier one from its file.

    Raises:
        StoreError: The file is missing, incomplete or altered, or was written by a newer cltk.
    """
    try:
        content = read_bounded(path)
        if newer := _newer_schema(content):
            raise StoreError(
                f"'{path}' was written by a newer cltk: it is of schema {newer}, this one reads up to {SCHEMA}.",
                "Upgrade: pip install --upgrade cltk-core",
            )
        entries = _verified(content)
        return Record.model_validate(upgrade(entries) if entries["schema"] == SCHEMA_1 else entries)
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(
            f"'{path}' is incomplete or was altered: {error}.", "Run the experiment again to replace it."
        ) from error


def to_json(record: Record) -> bytes:
    """The record as the text of its file: an entry a line, the last one a checksum over all before it."""
    entries = (record.to_dict() | {_CHECKSUM: ""}).items()
    lines = [f" {json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in entries]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    return _sealed(text[: -len(_end(""))].encode())


def _newer_schema(content: bytes) -> str | None:
    """The schema in the text, if it is one of a run that this version does not know; the rest may be anything."""
    match = re.search(rb'"schema": *"(cltk\.run/\d+)"', content)
    schema = match[1].decode() if match else None
    return None if schema in (SCHEMA, SCHEMA_1) else schema


def _verified(content: bytes) -> dict[str, Any]:
    """The record in the text of its file.

    Raises:
        ValueError: The text was cut or altered.
    """
    if content != _sealed(content[: -len(_sealed(b""))]):
        raise ValueError("it was cut or altered, its checksum differs")
    entries: dict[str, Any] = json.loads(content)
    del entries[_CHECKSUM]
    return entries


def _sealed(content: bytes) -> bytes:
    return content + _end(hashlib.sha256(content).hexdigest()).encode()


def _end(digest: str) -> str:
    return f'"{digest}"\n}}\n'
