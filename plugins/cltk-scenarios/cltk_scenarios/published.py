"""One file of a data set in MNIST's format."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cltk_scenarios.idx import decode

__all__ = ["Published"]


@dataclass(frozen=True, slots=True)
class Published:
    """An IDX file that is published packed, and is read packed or unpacked.

    Args:
        name: Its name, unpacked.
        md5: The checksum of the packed file.
        repacked: Other checksums that it has where others packed the same content.
        dimensions: How many dimensions its values have.
    """

    name: str
    md5: str
    repacked: tuple[str, ...]
    dimensions: int

    @property
    def packed(self) -> str:
        """The name under which it is published."""
        return f"{self.name}.gz"

    def find(self, homes: Iterable[Path]) -> Path | None:
        """The first of the folders' files of that name, packed before unpacked; whole or not.

        Raises:
            OSError: A folder cannot be searched.
        """
        candidates = (home / name for home in homes for name in (self.packed, self.name))
        return next((path for path in candidates if path.is_file()), None)

    def read(self, path: Path) -> NDArray[np.uint8]:
        """Decodes the file at ``path``: a packed one after its checksum, an unpacked one after its structure.

        Raises:
            OSError: The file cannot be read.
            ValueError: It is not the published one.
        """
        data = path.read_bytes()
        return decode(self._unpacked(data) if path.name == self.packed else data, self.dimensions)

    def is_whole(self, path: Path) -> bool:
        """Whether ``path`` can be read."""
        try:
            self.read(path)
        except (OSError, ValueError):
            return False
        return True

    def _unpacked(self, data: bytes) -> bytes:
        found = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if found != self.md5 and found not in self.repacked:
            raise ValueError(f"its {len(data):,} bytes have the MD5 {found} instead of the published {self.md5}")
        try:
            return gzip.decompress(data)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"it cannot be unpacked ({error})") from error
