from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cltk.files import write_atomically
from cltk.record import Epoch, Record, TaskRecord
from cltk.record_file import to_json

TASKS = 5


@pytest.fixture
def make_record() -> Callable[..., Record]:
    return finished_record


@pytest.fixture
def record() -> Record:
    return finished_record()


@pytest.fixture
def run_folder(tmp_path: Path, record: Record) -> Path:
    return write_run(tmp_path / "runs" / record.run_id, record)


def finished_record(seed: int = 0, **changes: Any) -> Record:
    """Generative replay on five tasks of two classes, with made-up but plausible numbers."""
    rng = np.random.default_rng(seed)
    rows = np.clip(0.1 + rng.normal(0, 0.02, (TASKS + 1, TASKS)), 0, 1)
    for learned in range(1, TASKS + 1):
        age = learned - 1 - np.arange(learned)
        rows[learned, :learned] = 0.985 - 0.035 * age + rng.normal(0, 0.006, learned)
        rows[learned, learned:] = 0
    names = ["average-accuracy", "diaz-accuracy", "diaz-bwt", "diaz-fwt", "diaz-ms", "forgetting"]
    curves: dict[str, list[float | None]] = {
        "average-accuracy": [float(rows[i, :i].mean()) for i in range(1, TASKS + 1)],
        "diaz-accuracy": [float(rows[i, :i].mean()) + 0.01 for i in range(1, TASKS + 1)],
        "diaz-bwt": [None, -0.03, -0.05, -0.06, -0.075],
        "diaz-fwt": [None, 0.0, 0.0, 0.0, 0.0],
        "diaz-ms": [1.0] * TASKS,
        "forgetting": [None, 0.035, 0.05, 0.07, 0.09],
    }
    values: dict[str, Any] = {
        "run_id": f"3f9a2c41d0be-{seed}",
        "status": "finished",
        "config": {
            "name": "replay-cost",
            "description": "How much replay is worth its cost?",
            "seeds": [0, 1, 2],
            "scenario": {"name": "split-mnist", "classes_per_task": 2},
            "strategy": {"name": "generative-replay", "replay": {"refresh": "task", "weighting": "sample"}},
            "generator": {"name": "vae", "hidden": [512, 256], "latent_dim": 2, "dropout": None},
            "classifier": {"name": "mlp", "hidden": [50, 50, 50]},
            "schedule": {"name": "linear", "per_task": 2000},
            "metrics": names,
            "evaluate": "test",
        },
        "config_hash": "3f9a2c41d0be",
        "seed": seed,
        "plugins": {"generator": "cltk-vae 0.1.0", "classifier": "cltk-mlp 0.1.0", "schedule": "cltk-schedules 0.1.0"},
        "classes": [[2 * task, 2 * task + 1] for task in range(TASKS)],
        "untrained": rows[0].tolist(),
        "tasks": [_task(task, row) for task, row in enumerate(rows[1:].tolist())],
        "metrics": {name: float(curve[-1] or 0) for name, curve in curves.items()},
        "curves": curves,
        "losses": list(_epochs()),
        "parameters": {"classifier": 44_860, "generator": 1_068_820, "total": 1_113_680},
        "bytes": {"classifier": 179_440, "generator": 4_275_280, "buffer": 0, "total": 4_454_720, "image": 784},
        "seconds": {"total": 61.5, "classifier": 12.5, "generator": 48.0},
        "environment": {"python": "3.11"},
    }
    return Record(**{**values, **changes})


def _task(task: int, accuracy: list[float]) -> TaskRecord:
    return TaskRecord(
        classes=[2 * task, 2 * task + 1],
        samples=[12665, 12089, 11263, 12183, 11800][task],
        replayed=2000 * task,
        accuracy=accuracy,
        seconds={"total": 12.3, "classifier": 2.5, "generator": 9.6},
        operations=10**12 * (task + 1),
        single_pass=10**11,
        model_bytes=4_454_720,
        buffer_bytes=0,
        extra_bytes=0,
    )


def _epochs() -> list[Epoch]:
    return [
        Epoch(task=task, phase=phase, epoch=epoch, loss=start * 0.6**epoch + floor + 0.02 * start * task)
        for task in range(TASKS)
        for phase, epochs, start, floor in (("classifier", 5, 1.2, 0.05), ("generator", 10, 120.0, 95.0))
        for epoch in range(1, epochs + 1)
    ]


def write_run(folder: Path, record: Record) -> Path:
    """The folder that a run leaves behind."""
    write_atomically(folder / "record.json", to_json(record))
    (folder / "experiment.toml").write_text('name = "replay-cost"\n')
    (folder / "weights.safetensors").write_bytes(bytes(record.bytes.get("total", 0)))
    np.savez(folder / "replay.npz", **replayed())
    return folder


def replayed(channels: int = 1, side: int = 28) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    ys, xs = np.mgrid[:side, :side] / side
    for task in range(TASKS - 1):
        labels = rng.integers(0, 2 * task + 2, 20)
        blobs = [np.exp(-((xs - 0.3 - 0.05 * y) ** 2 + (ys - 0.5) ** 2) * (8 + 4 * y)) for y in labels]
        images = np.repeat(np.stack(blobs)[:, None], channels, axis=1).astype(np.float32)
        arrays |= {f"images_{task}": images, f"labels_{task}": labels.astype(np.int64)}
    return arrays
