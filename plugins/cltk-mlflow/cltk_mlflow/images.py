"""Pictures in MLflow, with a slider over the tasks."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cltk.errors import StoreError
from cltk.record import Record
from cltk.runs.folder import most_sample_bytes, read_samples
from cltk_mlflow.experiment import MlflowExperiment

__all__ = ["store_replayed_samples"]

_KEY = "replayed samples"


def store_replayed_samples(experiment: MlflowExperiment, run_id: str, record: Record, folder: Path) -> bool:
    """Stores with an MLflow run what was replayed after each task, the task as the step; whether there was anything.

    Args:
        experiment: Where the MLflow run is.
        run_id: MLflow's id of it.
        record: The run whose samples are shown.
        folder: Its folder.

    Raises:
        StoreError: The server fails.
    """
    from cltk_figures.samples import sample_strip

    path = folder / "replay.npz"
    samples = {}
    if path.exists():
        with suppress(StoreError):  # Damaged samples cost no result.
            samples = read_samples(path, most_sample_bytes(record))
    for task, (images, labels) in samples.items():
        experiment.image(run_id, _KEY, task + 1, sample_strip(images, labels))
    return bool(samples)
