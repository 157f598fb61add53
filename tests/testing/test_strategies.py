"""Wrong strategies."""

import contextlib
import itertools
import os
import socket
from dataclasses import replace

import numpy as np
import pytest
import torch

from cltk.interfaces import Buffer, Examples, Shuffled, Strategy, Training
from cltk.testing import conformance_tests

QUICK = Training(epochs=1, min_steps=24, batch_size=32, lr=1e-2)
PLAIN = Training(epochs=1, min_steps=24, batch_size=32, optimizer="sgd", lr=0.1)


class Naive(Strategy):
    """Trains on each task as it comes.

    Source: none; a test.
    """

    def phases(self, task, streams):
        yield self.on(task.train)

    def on(self, examples):
        return self.classifier_phase(Shuffled(examples, 32), QUICK)


class Stored(Naive):
    """Trains on each task and on some stored images of the earlier ones.

    Source: none; a test.
    """

    slots = ("classifier", "schedule")

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        self.buffer = Buffer(20, info, self.device)

    def phases(self, task, streams):
        yield self.on(Examples.concat([task.train, self.buffer.all()]))
        self.buffer.add(task, streams)

    def replay_count(self, completed, current):
        return self.parts.schedule.count(completed, current) if completed else 0

    def preview(self, n, streams):
        return self.buffer.draw(n, streams.generator("preview"))


test_without_replay = conformance_tests(Naive)
test_with_replay = conformance_tests(Stored)


def _twice(self, task, streams):
    yield self.on(task.train)
    yield self.on(task.train)


def _nothing(self, task, streams):
    yield replace(self.on(task.train), training=Training(epochs=1, min_steps=0, lr=1e-12))


def _peeking(self, task, streams):
    yield self.on(Examples.concat([task.train, task.test]))


def _validating(self, task, streams):
    yield self.on(Examples.concat([task.train, task.validation]))


def _hoarding(self, task, streams):
    """Keeps the last task's data by reference, and trains on them later."""
    kept = getattr(self, "kept", [])
    yield self.on(Examples.concat([*kept, task.train]))
    self.kept = [task.train]


def _copying(self, task, streams):
    """Keeps a copy of the last task's data that no state tells of."""
    kept = getattr(self, "kept", [])
    yield self.on(Examples.concat([*kept, task.train]))
    self.kept = [Examples(task.train.x.clone(), task.train.y.clone())]


def _undeclared(self, task, streams):
    self.parts.schedule.count(task.index, 1)
    yield self.on(task.train)


def _globally(self, task, streams):
    torch.rand(1)
    yield self.on(task.train)


def _by_numpy(self, task, streams):
    np.random.rand(1)
    yield self.on(task.train)


def _by_chance(self, task, streams):
    yield replace(self.on(task.train), training=Training(epochs=1, min_steps=16, lr=1e-3 * (1 + os.urandom(4)[0])))


def _counted(self, task, streams):
    """Keeps the first task's mean image in the state, and says so of no byte."""
    yield self.on(task.train)
    self.prototype = task.train.x.mean(0, keepdim=True)


def _with_prototype(self):
    return {"prototype": self.prototype} if hasattr(self, "prototype") else {}


def _take_prototype(self, state):
    if "prototype" in state:
        self.prototype = state["prototype"]


def _counting(self, task, streams):
    """Loses something else at every other call."""
    phase, calls = self.on(task.train), itertools.count()
    yield replace(phase, loss=lambda batch, rng: phase.loss(batch, rng) ** (1 + next(calls) % 2), training=PLAIN)


def _faster(self, task, streams):
    """Trains faster from task to task."""
    self.rate = getattr(self, "rate", torch.tensor(1e-3)) * 2
    yield replace(self.on(task.train), training=Training(epochs=1, min_steps=16, lr=float(self.rate)))


def _with_rate(self):
    return {"rate": self.rate} if hasattr(self, "rate") else {}


def _preview_training(self, n, streams):
    with torch.no_grad():
        next(self.parts.classifier.parameters()).add_(0.01)


def _preview_of(x, y):
    return lambda self, n, streams: Examples(torch.full((n, *self.info.shape), x), torch.full((n,), y))


def _telemetry(self, task, streams):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    yield self.on(task.train)


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("slots-are-declared", {"phases": _undeclared}),
        ("slots-are-declared", {"slots": ("classifier", "memory")}),
        ("slots-are-declared", {"slots": ["classifier"]}),
        ("reads-no-held-out-data", {"phases": _peeking}),
        ("reads-no-held-out-data", {"phases": _validating}),
        ("resumes-exactly", {"phases": _copying}),
        (
            "stored-samples-are-counted",
            {
                "phases": _counted,
                "state_dict": _with_prototype,
                "load_state_dict": _take_prototype,
            },
        ),
        ("stored-samples-are-counted", {"buffer_bytes": lambda self: -1}),
        ("counts-are-not-negative", {"replay_count": lambda self, completed, current: -completed}),
        ("preview-shows-samples", {"preview": _preview_of(2.0, 0)}),
        ("preview-shows-samples", {"preview": _preview_of(0.5, 99)}),
        ("leaves-global-randomness-alone", {"phases": _globally}),
        ("leaves-global-randomness-alone", {"phases": _by_numpy}),
        ("uses-no-network", {"phases": _telemetry}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    found = failing(Naive, **attributes)
    assert found == {check}


@pytest.mark.parametrize(
    ("checks", "attributes"),
    [
        ({"reads-no-past-data", "resumes-exactly"}, {"phases": _hoarding}),
        ({f"learns-{setting}-incrementally" for setting in ("class", "task", "domain")}, {"phases": _nothing}),
        ({"same-stream-same-result"}, {"phases": _by_chance}),
        ({"preview-shows-samples"}, {"preview": _preview_training}),
        ({"seeds-side-by-side-end-as-alone"}, {"phases": _counting}),
        ({"phases-have-names-of-their-own"}, {"phases": _twice}),
        ({"phases-have-names-of-their-own"}, {"phases": lambda self, task, streams: iter(())}),
    ],
)
def test_defects_with_more_than_one_consequence(failing, checks, attributes):
    assert checks <= failing(Naive, **attributes)


def test_a_state_that_is_not_taken_back_is_found(failing):
    found = failing(Naive, phases=_faster, state_dict=_with_rate, load_state_dict=lambda self, state: None)
    assert found == {"resumes-exactly"}


def test_a_buffer_that_is_not_counted_is_found(failing):
    assert failing(Stored, buffer_bytes=lambda self: 0) == {"stored-samples-are-counted"}


def test_a_slot_that_is_not_declared_is_found(failing):
    assert failing(Stored, slots=("classifier",)) == {"slots-are-declared"}
