"""The file of a record: an entry a line, sealed by a checksum, and of which schema it is."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from cltk.errors import NewerSchemaError, StoreError
from cltk.files import read_bounded
from cltk.record import SCHEMA, Record
from cltk.record_v1 import SCHEMA_1, upgrade

__all__ = ["read_record", "to_json"]

_CHECKSUM = "sha256"
_SPELT = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
_CONTROLS_IN_JSON = re.compile(rb"\\(?:u00[0189]|[bfr])|\x7f|\xc2[\x80-\x9f]")
"""What control characters are in JSON, or may be: most records have none, and are not gone through."""


def read_record(path: Path) -> Record:
    """Reads a record of this version or an earlier one from its file.

    Raises:
        NewerSchemaError: The file was written by a newer cltk.
        StoreError: It is missing, incomplete or altered.
    """
    try:
        content = read_bounded(path)
        if newer := _newer_schema(content):
            raise NewerSchemaError(
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
    return _spelt(entries) if _CONTROLS_IN_JSON.search(content) else entries


def _spelt(value: Any) -> Any:
    """The value with control characters spelt out: some terminals obey them, whoever wrote them."""
    if isinstance(value, dict):
        return {_spelt(key): _spelt(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_spelt(inner) for inner in value]
    return value.translate(_SPELT) if isinstance(value, str) else value


def _sealed(content: bytes) -> bytes:
    return content + _end(hashlib.sha256(content).hexdigest()).encode()


def _end(digest: str) -> str:
    return f'"{digest}"\n}}\n'
