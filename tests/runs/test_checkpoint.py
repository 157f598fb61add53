"""Checkpoints of runs with very many tasks."""

from __future__ import annotations

from pathlib import Path

import torch

from cltk.record import Record, TaskRecord
from cltk.runs.checkpoint import Checkpoint, Checkpoints

TASKS = 1000


def test_the_newest_is_found_beyond_999_tasks(tmp_path: Path) -> None:
    row = [0.5] * TASKS
    task = TaskRecord(classes=[0], samples=1, replayed=0, accuracy=row, operations=1)
    record = Record(run_id="many", config={}, config_hash="", seed=0, plugins={}, classes=[[0]] * TASKS, untrained=row)
    checkpoints = Checkpoints(tmp_path)
    for completed in (TASKS - 1, TASKS):
        so_far = record.model_copy(update={"tasks": [task] * completed})
        checkpoints.save(Checkpoint({"w": torch.ones(1)}, so_far))
    newest, problems = checkpoints.latest()
    assert newest is not None, problems
    assert newest.completed == TASKS
