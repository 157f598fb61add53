"""The keywords of the functions in Python: what a study asks, as the tables of a file do, and where it is worked on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from cltk.interfaces import Sink
from cltk.machine import Machine
from cltk_studies.work.limits import Limits

__all__ = ["AblationKeywords", "SiteKeywords", "TuningKeywords"]


class SiteKeywords(TypedDict, total=False):
    """Where and how a study is worked on; nothing of it is part of what is run. None counts as not given.

    Attributes:
        store: The folder of the runs; by default ``runs``, in ``study_db`` where that is a folder.
        study_db: Where studies are kept: a folder that machines may share, or a URL; by default, the store.
        machine: Where and how workers compute; by default, with one thread each.
        workers: How many there are, from 1 up; a single one is the calling process itself, unless a launcher is named.
        launcher: What starts them: its name, or what a table ``[launcher]`` says, such as ``{"name": "slurm", "time":
            "1:00:00"}``, which goes before the file's; by default, what the installed packages offer as such.
        limits: What the study puts up with: silence of workers, lost workers, failed runs.
        sinks: What is told of the study: sinks, or names of installed ones; by default those that the experiment names.
    """

    store: str | Path | None
    study_db: str | Path | None
    machine: Machine | None
    workers: int | None
    launcher: str | Mapping[str, Any] | None
    limits: Limits | None
    sinks: str | Sequence[str | Sink] | None


class AblationKeywords(SiteKeywords, total=False):
    """The fields of the table ``[ablate]``, which go before the file's; and those of ``SiteKeywords``.

    Attributes:
        axes: A list of values for each dotted field or slot: ``{"generator.latent_dim": [2, 20]}``. Every combination
            is a cell.
        variants: Named sets of fields, each a ``name`` and the fields.
        baseline: The cell that all others are compared with; by default, the first.
        seeds: One run each in every cell, such as ``range(5)`` or ``"0..4"``; by default, the experiment's.
        objective: The metrics that say what is better, the most important one first; by default, accuracy.
        references: Whether joint training and fine-tuning are cells too; by default, they are not.
        name: What results are filed under; by default, the experiment's name.
    """

    axes: Mapping[str, Sequence[Any]] | None
    variants: Sequence[Mapping[str, Any]] | None
    baseline: str | None
    seeds: Sequence[int] | str | None
    objective: Sequence[str] | str | None
    references: bool | None
    name: str | None


class TuningKeywords(SiteKeywords, total=False):
    """The fields of the table ``[tune]``, which go before the file's; and those of ``SiteKeywords``.

    Attributes:
        space: Fields to tune, each with its range (``{"low": 1e-4, "high": 1e-1, "log": True}``) or its values.
        budget: Samples to replay over all tasks, in one epoch of each, which the search spreads.
        pareto: Whether to search for accuracy against samples replayed, instead of with a budget.
        objective: The metrics that decide, the most important one first; by default, accuracy.
        trials: Configurations to try; by default, 40.
        seeds: Runs of each configuration; by default, the experiment's.
        test_seeds: Runs of the chosen one on test data, none of ``seeds``; by default, as many after these.
        name: What results are filed under; by default, the experiment's name.
    """

    space: Mapping[str, Any] | None
    budget: int | None
    pareto: bool | None
    objective: Sequence[str] | str | None
    trials: int | None
    seeds: Sequence[int] | str | None
    test_seeds: Sequence[int] | str | None
    name: str | None
