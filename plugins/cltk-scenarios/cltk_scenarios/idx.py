"""The IDX format, in which the MNIST family is published."""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

__all__ = ["decode"]

UNSIGNED_BYTE = 0x08


def decode(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Decodes an IDX file of unsigned bytes, and nothing that is one only in part.

    Args:
        data: The whole file: two zero bytes, type, number of dimensions, each dimension as a big-endian uint32, values.
        dimensions: How many dimensions it must have.

    Returns:
        An array of that many dimensions, read-only because it is a view of ``data``.

    Raises:
        ValueError: The header is another one, or the values are not as many as it says.
    """
    expected = bytes((0, 0, UNSIGNED_BYTE, dimensions))
    if data[:4] != expected:
        raise ValueError(f"it begins with the bytes '{data[:4].hex(' ')}' instead of '{expected.hex(' ')}'")
    header = 4 + 4 * dimensions
    if len(data) < header:
        raise ValueError(f"it ends within its header, after {len(data)} bytes of {header}")
    shape = struct.unpack(f">{dimensions}I", data[4:header])
    if len(data) != header + math.prod(shape):
        raise ValueError(
            f"it has {len(data)} bytes instead of the {header + math.prod(shape)} that its header announces"
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)
