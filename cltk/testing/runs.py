"""Made-up runs: what happens in them, their records, and the folders that they leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cltk.engine import Run, state_of, train
from cltk.events import Event, ReplayShown, TaskEnded, Warned
from cltk.interfaces import Parts, Streams
from cltk.record import Record, Status
from cltk.runs.folder import RunFolder
from cltk.runs.recorder import Recorder
from cltk.testing.sequences import info_of, tasks_of
from cltk.testing.standins import Learn, Perceptron

__all__ = ["CONFIG", "MadeUpRun", "MadeUpStore", "made_up_store"]

CONFIG = {
    "name": "made-up",
    "scenario": {"name": "split-digits"},
    "strategy": {"name": "finetune", "classifier": {"epochs": 1}},
    "classifier": {"name": "mlp"},
}
TASKS = 2


@dataclass(frozen=True, slots=True)
class MadeUpRun:
    """A run.

    Attributes:
        steps: What happened, each with the record as it stood then.
        record: As it was in the end.
    """

    steps: Sequence[tuple[Event, Record]]
    record: Record


@dataclass(frozen=True, slots=True)
class MadeUpStore:
    """A store with the folders of some runs.

    Attributes:
        folder: The folder of all runs.
        seeds: Two runs of one configuration, the second of which failed.
        other: A run of another configuration.
        report: A folder with the report of a study.
    """

    folder: Path
    seeds: Sequence[MadeUpRun]
    other: MadeUpRun
    report: Path

    @property
    def records(self) -> Sequence[Record]:
        """Those of all runs."""
        return [run.record for run in (*self.seeds, self.other)]


def made_up_store(folder: Path) -> MadeUpStore:
    """Writes a store into a folder."""
    report = folder / "studies" / "made-up"
    (report / "figures").mkdir(parents=True)
    (report / "report.md").write_text("# made-up\n")
    (report / "result.json").write_text("{}\n")
    seeds = [_made_up_run(folder, 1, "0123456789ab", "finished"), _made_up_run(folder, 2, "0123456789ab", "failed")]
    return MadeUpStore(folder, seeds, _made_up_run(folder, 1, "ba9876543210", "finished"), report)


def _made_up_run(store: Path, seed: int, config_hash: str, status: Status) -> MadeUpRun:
    """A run of two tasks, whose folder is written; one that did not finish ended after its first task."""
    info = info_of(tasks=TASKS)
    with Streams(seed).scope("init", "classifier"):
        classifier = Perceptron(Perceptron.Config(), info)
    strategy = Learn(Learn.Config(), info, Parts({"classifier": classifier}))
    recorder = Recorder(_new_record(seed, config_hash), {})
    folder = RunFolder(store / recorder.record.run_id)
    steps = []
    for event in _events(Run(info, tasks_of(info), strategy, Streams(seed))):
        recorder.observe(event)
        steps.append((event, recorder.record))
        if isinstance(event, ReplayShown):
            folder.save_replay(event)
        if isinstance(event, TaskEnded) and status != "finished":
            break
    measured = {"metrics": {"made-up": 0.5}, "curves": {"made-up": [0.5] * len(recorder.record.tasks)}}
    error = None if status == "finished" else "RuntimeError: out of order"
    record = recorder.record.model_copy(update={"status": status, "error": error, **measured})
    folder.save_record(record)
    folder.save_weights(state_of(strategy))
    return MadeUpRun(steps, record)


def _new_record(seed: int, config_hash: str) -> Record:
    return Record(
        run_id=f"made-up-{config_hash}-seed{seed}",
        config=CONFIG,
        config_hash=config_hash,
        seed=seed,
        plugins={"strategy": "cltk-baselines 0.2.0"},
        classes=[list(classes) for classes in info_of(tasks=TASKS).classes],
    )


def _events(run: Run) -> Iterator[Event]:
    """What happens in a run, with a look at replay and a warning in each task."""
    for event in train(run):
        if isinstance(event, TaskEnded):
            task = run.tasks[event.task]
            coverage = dict.fromkeys(task.classes, 1 / len(task.classes))
            yield ReplayShown(event.task, task.train.x[:8].numpy(), task.train.y[:8].numpy(), coverage)
            yield Warned(event.task, "generator", "nothing is wrong")
        yield event
