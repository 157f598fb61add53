"""Seeds for independent random streams, derived by hashing instead of by drawing.

A stream is named by what it is for, such as ``(seed, "task", 2, "classifier", "order")``. Its seed depends on that name
alone, so that swapping one component never shifts the randomness of another (ablations stay paired), and a run that is
resumed continues with the very streams of an uninterrupted one.
"""

from __future__ import annotations

import hashlib

__all__ = ["derive_seed"]


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Derives the seed of one stream.

    Args:
        seed: The seed of the run, any integer.
        purpose: What the stream is for.

    Returns:
        An integer in [0, 2**63), the same on every machine.
    """
    name = repr((int(seed), *purpose)).encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") >> 1
