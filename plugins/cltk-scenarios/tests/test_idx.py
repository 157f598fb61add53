from __future__ import annotations

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cltk_scenarios.idx import decode


def encode(values: np.ndarray) -> bytes:
    return struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)))
def test_what_was_encoded_comes_back(values: np.ndarray) -> None:
    decoded = decode(encode(values), values.ndim)
    assert decoded.shape == values.shape
    assert (decoded == values).all()


@given(st.binary(max_size=40))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    with suppress(ValueError):
        assert encode(decode(data, 1)) == data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "begins with"),
        (encode(np.zeros(3, np.uint8))[:-1], "10 bytes instead of the 11"),
        (encode(np.zeros(3, np.uint8)) + b"\0", "12 bytes instead of the 11"),
        (encode(np.zeros(3, np.uint8))[:6], "ends within its header"),
        (encode(np.zeros((3, 1), np.uint8)), "00 00 08 02"),
        (b"\0\0\x0d\1" + bytes(8), "00 00 0d 01"),
    ],
)
def test_broken_files_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode(data, 1)
