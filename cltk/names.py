"""Names of plugins, which may say the distribution too: ``distribution:name``."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["canonical", "canonical_choice"]


@cache
def canonical(distribution: str) -> str:
    """The name of a distribution as the packaging standards compare it (PEP 503), without importing ``packaging``."""
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


@cache
def canonical_choice(name: str) -> str:
    """A name with the distribution that it may begin with as the packaging standards compare it."""
    distribution, colon, own = name.rpartition(":")
    return f"{canonical(distribution)}{colon}{own}"
