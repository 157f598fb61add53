"""Which published figures components reproduce: read from values that ship with their packages, never typed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from cltk.config import Settings
from cltk.errors import StoreError
from cltk.files import write_atomically
from cltk.interfaces import Component, Published
from cltk.runs.summary import Estimate, estimate

__all__ = ["FILE", "Runs", "Verified", "keep_runs", "published_by", "verified"]

FILE = "verified.json"
"""The file in a package that holds what finished runs gave."""


class Runs(Settings):
    """What the finished runs of a cell gave.

    Attributes:
        config_hash: What was run.
        made_with: The distributions and versions of its components, of the core and of PyTorch.
        values: The value of the metric, by seed.
    """

    config_hash: str
    made_with: tuple[str, ...]
    values: dict[int, float] = Field(min_length=1)

    def beside(self, earlier: Runs | None) -> Runs:
        """These runs, with other seeds of earlier ones that are of the same experiment and versions."""
        if earlier is None or (earlier.config_hash, earlier.made_with) != (self.config_hash, self.made_with):
            return self
        return self.model_copy(update={"values": dict(sorted({**earlier.values, **self.values}.items()))})


_Kept = TypeAdapter(dict[str, dict[str, dict[str, Runs]]])
"""Runs by study, cell and metric."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A published figure and what came of it here.

    Attributes:
        published: The figure.
        runs: What gave the value of here.
    """

    published: Published
    runs: Runs

    @property
    def ours(self) -> Estimate:
        """The mean of here, over the seeds."""
        return estimate(list(self.runs.values.values()))

    def __str__(self) -> str:
        ours, theirs = self.ours, self.published
        spread = "" if ours.ci95 is None else f" ± {ours.ci95:.4f}"
        seeds = f"{ours.n} seed{'s' if ours.n > 1 else ''}"
        return (
            f"{theirs.metric}, {theirs.what}: {ours.mean:.4f}{spread} here ({seeds}), {theirs.value:.4f} in "
            f"{theirs.source}, a difference of {ours.mean - theirs.value:+.4f}. Shown by the study '{theirs.study}', "
            f"cell '{theirs.cell}'."
        )

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON."""
        return asdict(self.published) | self.runs.model_dump(mode="json") | {"ours": asdict(self.ours)}


def published_by(cls: type[Any]) -> Sequence[Published]:
    """The figures that a component is to reproduce: its own, not those of a component that it derives from."""
    own: Sequence[Published] = vars(cls).get("published", ()) if issubclass(cls, Component) else ()
    return own


def verified(cls: type[Any]) -> Sequence[Verified]:
    """The published figures of a component of which its package holds runs.

    Raises:
        StoreError: The file in its package is unreadable.
    """
    figures = published_by(cls)
    kept = _read(_path(cls)) if figures else {}
    found = ((figure, kept.get(figure.study, {}).get(figure.cell, {}).get(figure.metric)) for figure in figures)
    return [Verified(figure, runs) for figure, runs in found if runs is not None]


def keep_runs(cls: type[Component], figure: Published, runs: Runs) -> tuple[Runs, Path]:
    """Writes what finished runs gave into the package of a component.

    Other seeds of the cell that it held stay, if they are of the same experiment and versions: a study may be run in
    parts, on several machines.

    Returns:
        What is kept now of the cell, and the file.

    Raises:
        StoreError: The file is unreadable, or cannot be written.
    """
    path = _path(cls)
    kept = _read(path)
    of_cell = kept.setdefault(figure.study, {}).setdefault(figure.cell, {})
    of_cell[figure.metric] = runs.beside(of_cell.get(figure.metric))
    entries = _Kept.dump_python(kept, mode="json")
    write_atomically(path, (json.dumps(entries, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())
    return of_cell[figure.metric], path


def _path(cls: type[Any]) -> Path:
    return Path(str(files(cls.__module__.partition(".")[0]).joinpath(FILE)))


def _read(path: Path) -> dict[str, dict[str, dict[str, Runs]]]:
    try:
        return _Kept.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise StoreError(f"'{path}' is incomplete or was altered: {error}", "Install its package again.") from error
