"""The sink for TensorBoard, where that is installed: it is not in everybody's environment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cltk.testing import conformance_tests
from cltk_tensorboard.sink import TensorBoardSink

Cli = Callable[..., Any]

test_conformance = conformance_tests(TensorBoardSink)

QUICK = ["--scenario", "split-digits", "--strategy", "finetune", "--strategy.classifier.epochs", "2"]
QUICK += ["--strategy.classifier.min-steps", "0", "--metric", "final-average-accuracy", "--quiet"]


def test_a_run_is_written_as_it_is_recorded(cli: Cli, tmp_path: Path) -> None:
    settings = ["--sink", "tensorboard", "--sink.tensorboard.folder", "board"]
    record = cli("run", *QUICK, *settings, "--store", tmp_path, "--json").json
    events = EventAccumulator(str(tmp_path / "board" / record["run_id"]))
    events.Reload()
    written = [event.value for event in events.Scalars("accuracy/task 1")]
    assert written == pytest.approx([row[0] for row in record["accuracy"][1:]])
    assert len(events.Scalars("loss/classifier")) == 10
    last = events.Scalars("metric/final-average-accuracy")[-1]
    assert (last.step, last.value) == (5, pytest.approx(record["metrics"]["final-average-accuracy"]))
