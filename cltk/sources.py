"""Telling whether a package was edited in place, without a new version."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["digest_of"]


@cache
def digest_of(module: str) -> str:
    """A digest of the Python files of the package that a module belongs to, as they are at the first call.

    Args:
        module: Its full name, such as ``cltk_vae.vae``.

    Returns:
        12 hexadecimal digits; empty where there are no such files, as in an archive.
    """
    try:
        spec = find_spec(module.partition(".")[0])
    except ValueError:  # A script, which has no name to be found by.
        return ""
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()] if spec else []
    files = [(str(path.relative_to(folder)), path) for folder in folders for path in folder.rglob("*.py")]
    if not folders and spec and spec.origin:
        files = [(Path(spec.origin).name, Path(spec.origin))]
    digest = hashlib.sha256()
    for name, path in sorted(file for file in files if file[1].is_file()):
        with suppress(OSError):  # It may be gone by now, where a package is being edited.
            digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:12] if files else ""
