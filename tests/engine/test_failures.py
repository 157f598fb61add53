"""What a component raises in the midst of training says where that was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor, nn

from cltk.engine import Run, train
from cltk.interfaces import Training

MakeRun = Callable[..., Run]


def notes_of(run: Run) -> list[str]:
    with pytest.raises(ValueError) as caught:
        for _ in train(run):
            pass
    return getattr(caught.value, "__notes__", [])


def test_it_says_task_phase_epoch_and_step(make_run: MakeRun) -> None:
    def fail(step: int, losses: Tensor) -> Tensor:
        if step == 6 + 3:  # Two epochs of the first task's three batches, then the second task's two.
            raise ValueError("odd mistake")
        return losses

    assert notes_of(make_run(loss=fail)) == ["in task 2, phase 'classifier', epoch 2, step 1 of 2"]


def test_between_phases_it_says_the_task(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()

    def fail(completed: int, current: int) -> int:
        if completed:
            raise ValueError("odd mistake")
        return 0

    monkeypatch.setattr(run.strategy, "replay_count", fail)
    assert notes_of(run) == ["in task 2"]


def test_in_a_fit_it_says_the_phase(make_run: MakeRun) -> None:
    class Full(list):  # type: ignore[type-arg]
        def append(self, item: object) -> None:
            raise ValueError("odd mistake")

    assert notes_of(make_run(fits=Full())) == ["in task 1, phase 'statistics'"]


def test_a_batch_that_cannot_be_drawn_is_not_taken_for_one_of_one_sample(make_run: MakeRun) -> None:
    run = make_run(training=Training(epochs=1, min_steps=0, batch_size=10**20))
    assert notes_of(run) == ["in task 1, phase 'classifier', epoch 1, step 1 of 1"]


def test_a_batch_of_one_that_batch_normalisation_refuses_says_what_to_set(make_run: MakeRun) -> None:
    run = make_run(training=Training(epochs=1, min_steps=0, batch_size=9))  # 12 and 8 samples are fine, 10 leave 1.
    classifier = run.strategy.parts.classifier
    classifier.layers = nn.Sequential(nn.Flatten(), nn.Linear(4, 6), nn.BatchNorm1d(6))
    (note,) = notes_of(run)
    assert note.startswith("in task 3, phase 'classifier', epoch 1, step 2 of 2, whose batch has 1 sample")
    assert "--strategy.classifier.batch-size" in note
