"""From a run to its events: task after task, phase after phase."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from cltk.engine.phases import carry_out
from cltk.engine.run import Run
from cltk.evaluate import accuracy_row
from cltk.events import EpochEnded, Event, ReplayShown, RunStarted, TaskEnded, TaskStarted, Warned
from cltk.interfaces import Streams, Task

__all__ = ["train"]

SHOWN = 64
"""Replayed samples in a picture."""
DRAWN = 1000
"""Replayed samples that coverage is judged on."""
LOST = 0.01
"""A class with less than this share of what one of equally many would have counts as lost."""


def train(run: Run, completed: int = 0) -> Iterator[Event]:
    """Trains, and yields what happens as it happens; whoever stops iterating stops the run.

    Args:
        run: What to train; of one that goes on, the strategy has its state of then.
        completed: Number of tasks that it has learned already.

    Raises:
        DivergenceError: A loss is not finite, and the run is to stop on that.
    """
    # Denormal numbers slow a trained VAE's matrix products on the CPU by a factor of 4 to 40.
    torch.set_flush_denormal(True)
    strategy, sizes = run.strategy, run.info.sizes
    untrained = () if completed else accuracy_row(strategy.parts.classifier, run.info, run.tasks, run.part)
    work = tuple(strategy.work(index, size) for index, size in enumerate(sizes))
    yield RunStarted(run.info.classes, untrained, work, completed)
    for task in run.tasks[completed:]:
        yield from _learn(run, task)


def _learn(run: Run, task: Task) -> Iterator[Event]:
    started = time.perf_counter()
    streams = run.streams.at("task", task.index)
    replayed = run.strategy.replay_count(task.index, len(task.train))
    yield TaskStarted(task.index, len(task.train), replayed)
    operations = per_sample = 0
    for phase in run.strategy.phases(task, streams):
        for event in carry_out(phase, task.index, run, streams.at(phase.name)):
            if isinstance(event, EpochEnded):
                operations += event.operations
                per_sample += event.per_sample if event.epoch == 1 else 0
            yield event
    yield from _show_replay(run, task, streams)
    yield TaskEnded(
        task=task.index,
        accuracy=accuracy_row(run.strategy.parts.classifier, run.info, run.tasks, run.part),
        seconds=time.perf_counter() - started,
        model_bytes=sum(run.strategy.parts.bytes.values()),
        buffer_bytes=run.strategy.buffer_bytes(),
        operations=operations,
        single_pass=per_sample * len(task.train),
    )


def _show_replay(run: Run, task: Task, streams: Streams) -> Iterator[Event]:
    """What would be replayed next, and whether it has lost classes."""
    examples = run.strategy.preview(DRAWN, streams)
    if examples is None or len(examples) == 0:
        return
    labels = examples.y.cpu()
    seen = run.info.seen(task.index + 1)
    counts = torch.bincount(labels, minlength=run.info.outputs)
    coverage = {label: int(counts[label]) / len(labels) for label in seen}
    yield ReplayShown(task.index, examples.x[:SHOWN].cpu().numpy(), labels[:SHOWN].numpy(), coverage)
    lost = [label for label, share in coverage.items() if share < LOST / len(seen)]
    if lost:
        names = ", ".join(str(label) for label in lost)
        yield Warned(task.index, "replay", f"replay has lost the classes {names}: they are under 1 % of their share")
