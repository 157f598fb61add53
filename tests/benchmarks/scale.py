"""Cost and memory against the number of tasks: ``python tests/benchmarks/scale.py``.

Twenty tasks of two classes of random images, learned by generative replay with each schedule, a replay set a task.
Beside the operations of a task stands what S = S0 + T * S_t predicts (devoto-2024, eq. 1, and its like for the other
schedules), both relative to task 2.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from cltk.engine import Run, train
from cltk.events import TaskEnded
from cltk.interfaces import Examples, Parts, ScenarioInfo, Streams, Task
from cltk.registry import find, load

TASKS = 20
SAMPLES = 1280
"""Training samples of a task, S0."""
SHAPE = (1, 28, 28)
SHOWN = (2, 5, 10, 15, 20)
SCHEDULES: Mapping[str, dict[str, Any]] = {
    "equal": {},
    "fixed": {"samples": SAMPLES},
    "linear": {"per_task": SAMPLES},
    "power": {"per_task": SAMPLES, "exponent": 0.5},
}
BUDGET = {"epochs": 2, "min_steps": 0}
SETTINGS: Mapping[str, dict[str, Any]] = {
    "strategy": {"replay": {"refresh": "task", "weighting": "sample"}, "classifier": BUDGET, "generator": BUDGET},
    "generator": {"hidden": (400, 400)},
}


def _task(index: int) -> Task:
    rng = torch.Generator().manual_seed(index)
    classes = (2 * index, 2 * index + 1)

    def examples(count: int) -> Examples:
        return Examples(torch.rand((count, *SHAPE), generator=rng), 2 * index + torch.arange(count) % 2)

    return Task(index, classes, examples(SAMPLES), examples(0), examples(100))


def _run(schedule: str) -> Run:
    tasks = [_task(index) for index in range(TASKS)]
    info = ScenarioInfo(SHAPE, 2 * TASKS, (SAMPLES,) * TASKS, tuple(task.classes for task in tasks), "class")

    def component(kind: str, name: str, *arguments: Any, **settings: Any) -> Any:
        cls = load(find(kind, name))
        with Streams(0).scope("init", kind):
            return cls(cls.Config(**SETTINGS.get(kind, {}) | settings), info, *arguments)

    slots = {
        "classifier": component("classifier", "mlp"),
        "generator": component("generator", "vae"),
        "schedule": component("schedule", schedule, **SCHEDULES[schedule]),
    }
    return Run(info, tasks, component("strategy", "generative-replay", Parts(slots)), Streams(0))


def _resident() -> float:
    """Megabytes of memory that the process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _measure(schedule: str) -> None:
    torch.set_num_threads(1)
    run = _run(schedule)
    samples = [SAMPLES + run.strategy.replay_count(task, SAMPLES) for task in range(TASKS)]
    ended, memory = [], []
    for event in train(run):
        if isinstance(event, TaskEnded):
            ended.append(event)
            memory.append(_resident())
    for task in SHOWN:
        event, second = ended[task - 1], ended[1]
        seconds, operations = event.seconds / second.seconds, event.operations / second.operations
        predicted = samples[task - 1] / samples[1]
        row = (schedule, task, samples[task - 1], event.seconds, seconds, operations, predicted, memory[task - 1])
        print("{:9}{:5}{:9,}{:9.2f}{:16.2f}{:12.2f}{:11.2f}{:11.0f}".format(*row), flush=True)


def main() -> None:
    print("schedule  task  samples  seconds  against task 2  operations  predicted  megabytes", flush=True)
    spawn = multiprocessing.get_context("spawn")
    for schedule in SCHEDULES:  # Each in a process of its own, for its memory.
        process = spawn.Process(target=_measure, args=(schedule,))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"The schedule {schedule} failed, as it says above.")


if __name__ == "__main__":
    main()
