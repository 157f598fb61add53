"""Runs that no study has made, put side by side as the cells of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cltk.config import Overrides
from cltk.errors import ConfigError
from cltk.kinds import SLOTS
from cltk.mappings import flatten, without_none
from cltk.record import Record
from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.measures import choose_measures
from cltk_studies.answers.records import best_records
from cltk_studies.answers.results import StudyResult
from cltk_studies.questions.study import Cell, Study

__all__ = ["compare_runs", "differing_settings", "telling_settings"]


def compare_runs(
    records: Sequence[Record], metrics: Sequence[str] = (), objectives: Sequence[str] = (), name: str = "runs"
) -> StudyResult:
    """Compares configurations over the seeds that they were run with: each is a cell, the first one the baseline.

    Args:
        records: The runs, those of the baseline first.
        metrics: The names of metrics to compute beside those that the runs name.
        objectives: The names of the metrics to rank by; by default, final average accuracy.
        name: What the comparison is called.

    Raises:
        ConfigError: There is no run, or no such metric.
        PluginError: A metric cannot be imported.
    """
    if not records:
        raise ConfigError("There is no run to compare.", "See what there is: cltk runs list")
    runs = best_records(records, {record.config_hash for record in records})
    first = {record.config_hash: record for record in reversed(list(runs.values()))}
    order = list(dict.fromkeys(record.config_hash for record in records))
    settings = differing_settings([first[config_hash] for config_hash in order])
    labels = _labels(settings)
    cells = [
        _cell(first[config_hash], own, label) for config_hash, own, label in zip(order, settings, labels, strict=True)
    ]
    names = [cell.name for cell in cells]
    cells = [
        cell if names.count(cell.name) == 1 else cell.model_copy(update={"name": f"{cell.name} {cell.config_hash}"})
        for cell in cells
    ]
    study: dict[str, Any] = {"name": name, "baseline": cells[0].name, "cells": tuple(cells)}
    seeds = tuple(sorted({seed for _, seed in runs}))
    made = Study(**study, seeds=seeds)
    return compare_cells(made, runs, measures=choose_measures(made, metrics, objectives))


def differing_settings(records: Sequence[Record]) -> list[Overrides]:
    """Of each run, the settings that are not the same in all, by their dotted paths."""
    every = [_settings(record) for record in records]
    paths = list(dict.fromkeys(path for settings in every for path in settings))
    differing = [path for path in paths if len({repr(settings.get(path)) for settings in every}) > 1]
    return [{path: settings[path] for path in differing if path in settings} for settings in every]


def _settings(record: Record) -> dict[str, Any]:
    slots = {slot: record.config[slot] for slot in (*SLOTS, "evaluate") if record.config.get(slot) is not None}
    return dict(flatten(slots))


def telling_settings(settings: Sequence[Overrides]) -> list[Overrides]:
    """Of each run, the settings that are not the same wherever a run has them: what all VAEs share tells none apart."""
    values: dict[str, set[str]] = {}
    for own in settings:
        for path, value in own.items():
            values.setdefault(path, set()).add(repr(value))
    return [{path: value for path, value in own.items() if len(values[path]) > 1} for own in settings]


def _cell(record: Record, settings: Overrides, label: str) -> Cell:
    return Cell(
        name=label or record.config["name"],
        settings=without_none(settings),
        experiment=record.config,
        config_hash=record.config_hash,
    )


def _labels(settings: Sequence[Overrides]) -> list[str]:
    """What each run is called; beside what several would be called, what differs among these."""
    labels = [_label(own) for own in telling_settings(settings)]
    for label in {label for label in labels if labels.count(label) > 1}:
        alike = [number for number, each in enumerate(labels) if each == label]
        for number, own in zip(alike, telling_settings([settings[number] for number in alike]), strict=True):
            labels[number] = ", ".join(filter(None, [label, _label(own)]))
    return labels


def _label(settings: Mapping[str, Any]) -> str:
    """Components by their names alone, and fields by theirs where the component is the same."""
    named = {path.removesuffix(".name") for path in settings if path.endswith(".name")}
    words = [str(settings[f"{slot}.name"]) for slot in named]
    others = [path for path in settings if path.partition(".")[0] not in named]
    return ", ".join([*sorted(words), *(f"{path.rpartition('.')[2]}={settings[path]}" for path in others)])
