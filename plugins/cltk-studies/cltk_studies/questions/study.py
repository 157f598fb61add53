"""What a study is, as it is kept where its workers and its reports find it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from cltk.build import Prepared
from cltk.config import Name, Overrides, Settings, check
from cltk.errors import CltkError, ConfigError, StoreError, closest
from cltk.experiment import Experiment
from cltk.files import read_bounded, write_atomically
from cltk.record import Record
from cltk.resolve import resolve
from cltk_studies.questions.objective import ACCURACY

__all__ = ["SCHEMA", "Cell", "Study", "read_study", "save_study", "study_path"]

SCHEMA: Literal["cltk.study/1"] = "cltk.study/1"


class Cell(Settings):
    """One configuration of a study.

    Attributes:
        name: What tables call it.
        settings: What it sets beside what all cells share.
        experiment: Its experiment with every default written out.
        config_hash: Identifies it, whatever it is called.
        plugins: The distributions and versions that it runs with; empty in a study of cltk 0.1.
    """

    name: str
    settings: Overrides = Field(default_factory=dict)
    experiment: Overrides
    config_hash: str
    plugins: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, name: str, settings: Overrides, prepared: Prepared) -> Cell:
        """The cell whose experiment was prepared."""
        return cls(
            name=name,
            settings=settings,
            experiment=prepared.config,
            config_hash=prepared.config_hash,
            plugins=prepared.plugins,
        )

    def run_key(self, seed: int) -> str:
        """Identifies a run within its study, by what its result depends on."""
        versions = hashlib.sha256(json.dumps(sorted(self.plugins.items())).encode()).hexdigest()[:8]
        return f"{self.config_hash}-{versions}-{seed}"

    def accepts(self, record: Record) -> bool:
        """Whether a record is of a run of this cell: of its configuration, and made with its versions."""
        is_of_versions = not self.plugins or record.plugins == self.plugins
        return self.config_hash in (record.config_hash, record.recorded_hash) and is_of_versions

    def as_of_today(self) -> Cell:
        """The cell with the hash that it has with what is installed, where that can run it."""
        try:
            resolved = resolve(check(Experiment, self.experiment, f"the cell '{self.name}'"))
        except CltkError:
            return self
        return self.model_copy(update={"config_hash": resolved.config_hash})


class Study(Settings):
    """A study: its cells, each run with each seed.

    Attributes:
        kind: Whether it compares cells that were given, or cells that a ``search`` tried. Searches of cltk 0.1 were at
            one ``budget`` of replayed samples, or for accuracy against samples replayed (``pareto``).
        name: What its results are filed under.
        description: What it is for.
        baseline: The cell that all others are compared with.
        seeds: One run each in every cell.
        objective: The metrics that say what is better.
    """

    schema_: Literal["cltk.study/1"] = Field(SCHEMA, alias="schema")
    kind: Literal["ablation", "search", "budget", "pareto"] = "ablation"
    name: Name
    description: str = ""
    baseline: str
    seeds: tuple[int, ...]
    cells: tuple[Cell, ...]
    objective: tuple[str, ...] = (ACCURACY,)

    def cell(self, name: str) -> Cell:
        """The cell of that name."""
        return next(cell for cell in self.cells if cell.name == name)

    def accepts(self, record: Record) -> bool:
        """Whether a record is of a run of one of its cells, made with the cell's versions: others are not mixed in."""
        return any(cell.accepts(record) for cell in self.cells)

    @property
    def is_of_0_1(self) -> bool:
        """Whether cltk 0.1 made it, which kept no versions."""
        return not any(cell.plugins for cell in self.cells)

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What makes it this study; two of one name must agree in it. An objective is a view, and may change."""
        cells = {cell.name: cell.config_hash for cell in self.cells}
        return {"kind": "ablation", "seeds": list(self.seeds), "baseline": self.baseline, "cells": cells}

    def as_of_today(self) -> Study:
        """The study with the hashes that its cells have with what is installed."""
        return self.model_copy(update={"cells": tuple(cell.as_of_today() for cell in self.cells)})

    def to_dict(self) -> dict[str, Any]:
        """The study as JSON."""
        return self.model_dump(mode="json", by_alias=True)


def study_path(store: Path, name: str) -> Path:
    """The file of a study in a store."""
    return store / "studies" / name / "study.json"


def save_study(store: Path, study: Study) -> None:
    """Keeps a study in a store, where reports find it.

    Raises:
        StoreError: The store cannot be written.
    """
    write_atomically(study_path(store, study.name), (study.model_dump_json(by_alias=True, indent=1) + "\n").encode())


def read_study(store: Path, name: str) -> Study:
    """Reads a study from a store.

    Raises:
        ConfigError: There is none of that name.
        StoreError: Its file is unreadable.
    """
    path = study_path(store, name)
    if not path.exists():
        names = [other.parent.name for other in study_path(store, "*").parent.parent.glob("*/study.json")]
        raise ConfigError(f"There is no study '{name}' in '{store}'.", closest(name, names))
    try:
        return Study.model_validate_json(read_bounded(path))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"'{path}' is incomplete or was altered: {error}", "Call the command that made it again."
        ) from error
