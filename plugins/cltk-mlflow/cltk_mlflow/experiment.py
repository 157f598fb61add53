"""Writing into an MLflow experiment: the one place that reads and writes runs through MLflow's client.

Runs are written by id, never through MLflow's active run, so that several may be open at once.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cltk.errors import StoreError
from cltk.record import Record
from cltk.runs.folder import most_sample_bytes, read_samples
from cltk_mlflow.fields import RUN_TAG, Point, data_digest
from cltk_mlflow.server import TrackingServer

__all__ = ["MlflowExperiment", "is_tracked"]

# What MLflow takes in one call: 1,000 entries, of them 100 parameters and 100 tags.
_POINTS, _PAIRS = 800, 100
_TAG_LENGTH = 8000
_REPLAYED = "replayed samples"
_ABOUT = "Runs of cltk. The search `tags.kind = 'run'` shows every seed."
"""One line, as MLflow cuts the second one until somebody asks for it."""


class MlflowExperiment:
    """Writes into one experiment.

    Args:
        server: Where the experiment is.
        name: Its name; it is created on first use.
        about: What it is of, as its description until there is another.

    Raises:
        StoreError: By each method too, when the server fails.
    """

    def __init__(self, server: TrackingServer, name: str, about: str = "") -> None:
        self._client = server.client
        self._reported = server.reported
        with self._reported():
            self.id = _experiment_id(server, name, about)

    def create(self, name: str, tags: Mapping[str, str], started: float | None = None) -> str:
        """Creates a run that began at ``started`` (seconds since the epoch; now by default) and returns its id."""
        with self._reported():
            run = self._client.create_run(self.id, _milliseconds(started), _cut(tags), name)
        return str(run.info.run_id)

    def find(self, tags: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
        """The tags of each run that has all of these, by the run's id, the oldest first."""
        query = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        runs: list[Any] = []
        token: str | None = None
        with self._reported():
            while token != "":
                page = self._client.search_runs(
                    [self.id], query, order_by=["attributes.start_time ASC"], page_token=token
                )
                runs, token = [*runs, *page], page.token or ""
        return {run.info.run_id: run.data.tags for run in runs}

    def log(
        self,
        run_id: str,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Logs metrics, parameters and tags in as few calls as MLflow allows."""
        from mlflow.entities import Metric, Param, RunTag

        now = _milliseconds(time.time())
        metrics = [Metric(name, value, now, step) for name, value, step in points]
        settings = [Param(name, value) for name, value in (params or {}).items()]
        labels = [RunTag(name, value) for name, value in _cut(tags or {}).items()]
        with self._reported():
            while metrics or settings or labels:
                self._client.log_batch(run_id, metrics[:_POINTS], settings[:_PAIRS], labels[:_PAIRS])
                metrics, settings, labels = metrics[_POINTS:], settings[_PAIRS:], labels[_PAIRS:]

    def input(self, run_id: str, record: Record) -> None:
        """Says what a run was trained on: the scenario, its classes and its samples, by task."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        scenario = record.config.get("scenario")
        if not scenario:  # A record may come from anybody.
            return
        profile = json.dumps({"classes": record.classes, "samples": record.samples})
        schema = json.dumps({"classes": record.classes})
        data = Dataset(scenario["name"], data_digest(record), "cltk", json.dumps(scenario), schema, profile)
        with self._reported():
            self._client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])

    def describe(self, text: str) -> None:
        """Says in the experiment's description what it is for, as Markdown; without a text it stays as it is."""
        if text:
            with self._reported():
                self._client.set_experiment_tag(self.id, "mlflow.note.content", _note(text))

    def text(self, run_id: str, path: str, text: str) -> None:
        """Stores a text with the run as a file."""
        with self._reported():
            self._client.log_text(run_id, text, path)

    def replayed_samples(self, run_id: str, record: Record, folder: Path) -> bool:
        """Stores a picture of what was replayed after each task; MLflow shows them with a slider over the tasks.

        Args:
            run_id: MLflow's id of the run that gets them.
            record: The run whose samples are shown.
            folder: Its folder.

        Returns:
            Whether there was anything.
        """
        from cltk_figures.samples import sample_strip

        path, samples = folder / "replay.npz", {}
        if path.exists():
            with contextlib.suppress(StoreError):  # Damaged samples cost no result.
                samples = read_samples(path, most_sample_bytes(record))
        with self._reported():
            for task, (images, labels) in samples.items():
                self._client.log_image(run_id, sample_strip(images, labels), key=_REPLAYED, step=task + 1)
        return bool(samples)

    def mean_matrix(self, run_id: str, records: Sequence[Record]) -> None:
        """Draws the mean accuracy matrix of finished runs, and stores it with a run."""
        from cltk_figures.artifacts import write_mean_matrix

        with tempfile.TemporaryDirectory() as folder:
            write_mean_matrix(records, Path(folder) / "figures")
            self.files(run_id, Path(folder))

    def files(self, run_id: str, folder: Path, names: Sequence[str] | None = None) -> None:
        """Stores files of a folder with the run: those of the ``names`` that exist, or all with their subfolders.

        Of the ``names``, links are left out: a folder from elsewhere would send any file of this machine.
        """
        with self._reported():
            if names is None:
                self._client.log_artifacts(run_id, str(folder))
                return
            for path in (folder / name for name in names):
                if path.is_file() and not path.is_symlink():
                    self._client.log_artifact(run_id, str(path))

    def names(self, run_id: str, folder: str) -> list[str]:
        """The names of the files in a folder of a run."""
        with self._reported():
            return [file.path.rpartition("/")[2] for file in self._client.list_artifacts(run_id, folder)]

    def download(self, run_id: str, path: str, folder: Path) -> Path:
        """Copies a file of a run into a folder that is there; returns where it is."""
        with self._reported():
            return Path(self._client.download_artifacts(run_id, path, str(folder)))

    def end(self, run_id: str, status: str, ended: float | None = None) -> None:
        """Ends a run as ``FINISHED``, ``FAILED`` or ``KILLED``."""
        with self._reported():
            self._client.set_terminated(run_id, status, _milliseconds(ended))

    def reopen(self, run_id: str) -> bool:
        """Sets a run back to running; returns whether it is there."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.update_run(run_id, status="RUNNING")
        except MlflowException:
            return False
        return True

    def discard(self, run_id: str) -> None:
        """Deletes a run if it is there."""
        from mlflow.exceptions import MlflowException

        with contextlib.suppress(MlflowException):
            self._client.delete_run(run_id)


def is_tracked(server: TrackingServer, run_id: str, status: str) -> bool:
    """Whether a server has an MLflow run, in any experiment, that shows a run of cltk and ended with this status."""
    query = f"tags.`{RUN_TAG}` = '{run_id}' and attributes.status = '{status}'"
    with server.reported():
        experiments = [experiment.experiment_id for experiment in server.client.search_experiments()]
        return bool(server.client.search_runs(experiments, query, max_results=1))


def _experiment_id(server: TrackingServer, name: str, about: str) -> str:
    from mlflow.exceptions import MlflowException

    client = server.client
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        # Says what the experiment is, or MLflow's pages ask.
        tags = {"mlflow.experimentKind": "custom_model_development", "mlflow.note.content": _note(about)}
        artifacts = None if server.artifacts is None else f"{server.artifacts}/{name}"
        try:
            return str(client.create_experiment(name, artifacts, tags))
        except MlflowException:
            experiment = client.get_experiment_by_name(name)  # Another process may have been quicker.
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        advice = "Restore or permanently delete it in MLflow, or choose another name for the experiment."
        raise StoreError(f"The MLflow experiment '{name}' was deleted.", advice)
    return str(experiment.experiment_id)


def _note(text: str) -> str:
    return f"{text[: _TAG_LENGTH - len(_ABOUT) - 2]}\n\n{_ABOUT}" if text else _ABOUT


def _cut(tags: Mapping[str, str]) -> dict[str, Any]:
    return {name: value[:_TAG_LENGTH] for name, value in tags.items()}


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
