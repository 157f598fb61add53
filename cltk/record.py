"""The record of a run: everything that is known about it, as one JSON object.

A record holds, task by task, what metrics need, so that any metric can be computed from it at any time.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cltk.config import Overrides
from cltk.experiment import Experiment
from cltk.machine import Precision
from cltk.record_html import to_html

__all__ = [
    "SCHEMA",
    "DataInfo",
    "Epoch",
    "Record",
    "Replay",
    "Status",
    "TaskRecord",
]

SCHEMA = "cltk.run/2"
_DERIVED = ("accuracy", "operations", "samples", "replay")
"""What is written for readers' sake, though ``tasks`` say it too."""

Status = Literal["running", "finished", "failed", "interrupted"]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = dict[str, Annotated[float, Field(ge=0, le=1e12)]]
Provider = Annotated[str, Field(pattern=r"^\S+( \S+)*$")]
"""A distribution and its version."""
MetricName = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Replay(_Model):
    """What was replayed.

    Attributes:
        counts: Samples replayed in an epoch of each task.
        coverage: After each task that was followed by replay, the share of each class among what would be replayed.
    """

    counts: list[Count] = []
    coverage: list[dict[int, Share]] = []


class Epoch(_Model):
    """One pass of one phase: its mean loss in nats per sample (None for a closed-form fit)."""

    task: Count
    phase: str
    epoch: Count
    loss: float | None


class DataInfo(_Model):
    """What networks are built from, so that those of a run can be built again without its data.

    Attributes:
        shape: (C, H, W) of an image.
        outputs: Number of output units K of a classifier.
        sizes: Number of training samples of each task.
        setting: Class-, task- or domain-incremental.
        value_bytes: Bytes that a value of a stored sample takes.
    """

    shape: tuple[int, int, int]
    outputs: int
    sizes: list[Count]
    setting: Literal["class", "task", "domain"]
    value_bytes: Literal[1, 4] = Field(1, exclude_if=lambda value: value == 1)  # As in records of before there was one.


class TaskRecord(_Model):
    """A task that was learned. What a record of version 1 does not say is None.

    Attributes:
        classes: Its labels.
        samples: Training samples of its own (S0), in one epoch.
        replayed: Samples replayed in an epoch.
        accuracy: On every task after this one, in [0, 1].
        task_aware: The same from the same scores, each sample among the classes of its own task alone.
        confusion: (K, K) counts over the evaluated data of the tasks learned so far; rows labels, columns predictions.
        coverage: The share of each class among what would be replayed next; empty where nothing would be.
        seconds: Wall-clock time of each phase, and in ``total``.
        operations: Floating-point operations spent to learn it.
        single_pass: Those of one forward and backward pass over its own training data.
        model_bytes: Bytes of all parameters and fitted statistics after it.
        buffer_bytes: Bytes of the stored samples after it.
        extra_bytes: Bytes of what else the strategy keeps after it.
    """

    classes: list[int]
    samples: Count
    replayed: Count
    accuracy: list[Share]
    task_aware: list[Share] | None = None
    confusion: list[list[Count]] | None = None
    coverage: dict[int, Share] = {}
    seconds: Seconds | None = None
    operations: Count
    single_pass: Count | None = None
    model_bytes: Count | None = None
    buffer_bytes: Count | None = None
    extra_bytes: Count | None = None


class Record(BaseModel):
    """A run, from its configuration to its result. Two runs of the same record differ in ``seconds`` alone.

    Attributes:
        run_id: Names the run: its configuration, its seed and the versions that it ran with.
        status: How far it came; ``error`` says why it is not finished.
        diverged: Whether it failed because training diverged, as it would again.
        warnings: What was wrong though the run went on, a sentence each.
        config: The experiment with every default written out.
        config_hash: Identifies what was run: the components and their settings, whatever is measured.
        recorded_hash: What a record of version 1 was filed under, which depended on metrics too.
        plugins: The distribution and version behind the component of each slot, and behind the ``core``.
        sources: A digest of the Python files behind each of these; empty in a record of before 0.2.
        info: What the networks were built from; None in a record of version 1.
        classes: The labels of each task, learned or not.
        untrained: Accuracy on every task before training, in [0, 1].
        untrained_task_aware: The same, each sample among the classes of its own task.
        tasks: The tasks that were learned, in order.
        metrics: Each metric that was asked for, after the last task: a view of the above, which any other may join.
        curves: Each of them as if the sequence had ended after the first, second, ... task; None where undefined.
        losses: Every epoch's training loss.
        parameters: Number of parameters and fitted statistics of ``classifier``, ``generator`` and ``total``.
        bytes: Bytes of these, of the ``buffer``, of the ``extras`` that the strategy keeps, in ``total``, and of one
            ``image`` at one byte a value.
        data_bytes: Bytes of the training data of all tasks, stored as a buffer stores them.
        seconds: Wall-clock time in ``total`` and of each phase, over the tasks learned.
        environment: Python, PyTorch and processor: what else a result may depend on.
        sink_failures: Why a sink did not hear the run to its end, by the sink's name.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    schema_: str = Field(SCHEMA, alias="schema")
    run_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")
    status: Status = "running"
    error: str | None = None
    diverged: bool = False
    warnings: list[str] = []
    config: Overrides
    config_hash: str
    recorded_hash: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    plugins: dict[str, Provider]
    sources: dict[str, str] = {}
    info: DataInfo | None = None
    classes: list[list[int]] = []
    untrained: list[Share] = []
    untrained_task_aware: list[Share] | None = None
    tasks: list[TaskRecord] = []
    metrics: dict[MetricName, float] = {}
    curves: dict[MetricName, list[float | None]] = {}
    losses: list[Epoch] = []
    parameters: dict[str, Count] = {}
    bytes: dict[str, Count] = {}
    data_bytes: Count | None = None
    seconds: Seconds = {}
    device: str = "cpu"
    precision: Precision = "fp32"
    threads: int = Field(1, ge=1)
    environment: dict[str, str] = {}
    sink_failures: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _ignore_derived(cls, values: Any) -> Any:
        return {key: value for key, value in values.items() if key not in _DERIVED}

    @field_validator("config")
    @classmethod
    def _is_an_experiment(cls, config: Overrides) -> Overrides:
        # Folders and pages are named after what stands here, and records come from others too.
        Experiment.model_validate(config)
        return config

    @model_validator(mode="after")
    def _has_a_column_for_each_task(self) -> Record:
        count = len(self.classes)
        rows = [self.untrained, *(task.accuracy for task in self.tasks)]
        if len(self.tasks) > count or any(len(row) != count for row in rows if row or self.tasks):
            raise ValueError(f"accuracy is not a matrix of {count} tasks")
        return self

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.status == "finished"

    @property
    def accuracy(self) -> list[list[float]]:
        """Rows: before training, then after each task learned; columns: all tasks; in [0, 1]."""
        return [self.untrained, *(task.accuracy for task in self.tasks)] if self.untrained else []

    @property
    def operations(self) -> list[int]:
        """Floating-point operations spent on each task learned."""
        return [task.operations for task in self.tasks]

    @property
    def samples(self) -> list[int]:
        """Training samples of each task itself (S0), in one epoch."""
        return [task.samples for task in self.tasks]

    @property
    def replay(self) -> Replay:
        """What was replayed."""
        coverage = [task.coverage for task in self.tasks if task.coverage]
        return Replay(counts=[task.replayed for task in self.tasks], coverage=coverage)

    @property
    def final_accuracy(self) -> float:
        """Mean accuracy over all tasks after the last one learned, in [0, 1]."""
        row = self.accuracy[-1]
        return sum(row) / len(row)

    @property
    def forgetting(self) -> float:
        """How much accuracy each task but the last has lost since it was best, on average, in [-1, 1].

        Source: Chaudhry et al. 2018, arXiv 1801.10112, equation 3.
        """
        *before, end = self.accuracy[1:]
        drops = [max(row[task] for row in before) - end[task] for task in range(len(before))]
        return sum(drops) / len(drops) if drops else 0.0

    def seen_accuracy(self, learned: int) -> float:
        """Mean accuracy over the first ``learned`` tasks right after them (1 or more), in [0, 1]."""
        return sum(self.accuracy[learned][:learned]) / learned

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        entries = self.model_dump(mode="json", by_alias=True)
        if self.recorded_hash is None:
            del entries["recorded_hash"]
        return entries | {
            "accuracy": self.accuracy,
            "operations": self.operations,
            "samples": self.samples,
            "replay": self.replay.model_dump(mode="json"),
        }

    def without_timings(self) -> dict[str, Any]:
        """The JSON object without what no two runs share: how long things took."""
        entries = {key: value for key, value in self.to_dict().items() if key != "seconds"}
        tasks = [{key: value for key, value in task.items() if key != "seconds"} for task in entries["tasks"]]
        return entries | {"tasks": tasks}

    def __repr__(self) -> str:
        return f"<Record {self.run_id}: {self.status}, {len(self.tasks)} of {len(self.classes)} tasks>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return to_html(self)

    def __str__(self) -> str:
        return repr(self)
