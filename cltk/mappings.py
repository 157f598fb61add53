"""Settings as a file nests them: tables within tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["deep_merge", "flatten", "replaced", "underscored", "without_none"]


def deep_merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lays one over the other, table by table."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = deep_merge(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping)


def flatten(
    layer: Mapping[str, Any], is_group: Callable[[Any], bool] = _is_group, prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """Every value by its dotted path; ``is_group`` says which values are tables of others."""
    for name, value in layer.items():
        if is_group(value):
            yield from flatten(value, is_group, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def replaced(value: Any, old: str | None, new: str | None) -> Any:
    """The value with ``new`` wherever it holds ``old``."""
    if isinstance(value, dict):
        return {key: replaced(inner, old, new) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, old, new) for inner in value]
    return new if value == old else value


def without_none(value: Any) -> Any:
    """The value without entries that are None, which TOML cannot write."""
    if isinstance(value, dict):
        return {key: without_none(inner) for key, inner in value.items() if inner is not None}
    return [without_none(inner) for inner in value] if isinstance(value, list) else value


def underscored(value: Any) -> Any:
    """The value with underscores for the hyphens in its names.

    Raises:
        ValueError: Two names in one table are the same then.
    """
    if isinstance(value, dict):
        names = [key.replace("-", "_") for key in value]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"'{twice}' is given twice, with dashes and without")
        return {name: underscored(inner) for name, inner in zip(names, value.values(), strict=True)}
    return [underscored(inner) for inner in value] if isinstance(value, list) else value
