"""How a study is carried out: failures, retries, workers left at work, and what others see of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk_studies.work.database import open_database
from cltk_studies.work.queue import Queue

Write = Callable[..., Path]
Cli = Callable[..., Any]

DIVERGES = '[ablate.axes]\n"strategy.classifier.lr" = [1e30, 1e29, 0.01]\n'


@pytest.fixture
def options(store: Path) -> list[object]:
    return ["--store", store, "--sink", "none"]


def attempts(store: Path) -> list[int]:
    return [len(each.trials) for each in Queue(open_database(store), "small").attempts().values()]


@pytest.mark.parametrize(("option", "failed"), [((), 2), (("--fail-fast",), 1), (("--max-failures", 2), 2)])
def test_a_study_stops_at_as_many_failures_as_it_puts_up_with(
    write: Write, cli: Cli, options: list[object], option: tuple[object, ...], failed: int
) -> None:
    done = cli("ablate", write(DIVERGES, seeds="[0]", epochs=3), *options, *option)
    assert done.status == (130 if option else 1)
    assert done.err.count("failed: Training diverged") >= failed
    assert (f"'small' was stopped: {failed} failed" in done.said) == bool(option)
    status = cli("status", "small", "--store", options[1], "--json").json
    assert status["counts"] == {"waiting": int(bool(option)) + 2 - failed, "running": 0, "finished": int(not option),
                                "failed": failed}  # fmt: skip
    assert (status["stopped"] is not None) == bool(option)


def test_what_diverged_is_not_tried_again_and_what_broke_is(
    write: Write, cli: Cli, options: list[object], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("ablate", write(DIVERGES, seeds="[0]", epochs=3), *options, "--retries", 2).status == 1
    assert attempts(store) == [1, 1, 1]

    def broken(*arguments: object) -> None:
        raise ValueError("it broke")

    monkeypatch.setattr("cltk_mlp.mlp.MLP.forward", broken)
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.02]\n', seeds="[0]", name="broken")
    done = cli("ablate", file, *options, "--retries", 2)
    assert done.status != 0


def test_workers_that_are_left_at_work_end_the_study_by_themselves(
    write: Write, cli: Cli, options: list[object], store: Path
) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n')
    begun = cli("ablate", file, *options, "--workers", 2, "--detach")
    assert begun.status == 0, begun.err
    assert "cltk status small" in begun.said
    deadline = time.monotonic() + 120
    while (status := cli("status", "small", "--store", store, "--json").json)["counts"]["finished"] < 4:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert list(status["best"]) == ["lr=0.01"]
    while launched := cli("status", "small", "--store", store, "--json").json["launched"]:
        assert launched == [{"launcher": "local", "alive": 2, "reason": None}]
        time.sleep(0.5)
    assert "4" in cli("status", "--store", store).out
    again = cli("ablate", file, *options, "--json")
    assert again.json["finished"] == 4
    assert "Nothing of the study 'small' is left" in cli("stop", "small", "--store", store).said
    assert cli("status", "small", "--store", store, "--json").json["stopped"] is None


def test_it_is_stopped_from_elsewhere(write: Write, cli: Cli, start: Callable[..., Any], store: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n', epochs=30000)
    command = start("ablate", file, "--store", store, "--workers", 2, "--sink", "none")
    command.wait_until(
        lambda: store.exists() and cli("status", "small", "--store", store, "--json").json["counts"]["running"] == 2
    )
    assert cli("stop", "small", "--store", store).status == 0
    status, _, err = command.end()
    assert status == 130, err
    assert "was stopped: somebody called cltk stop" in " ".join(err.split())
    counts = cli("status", "small", "--store", store, "--json").json["counts"]
    assert counts == {"waiting": 4, "running": 0, "finished": 0, "failed": 0}


def test_a_study_that_is_not_there_is_named(cli: Cli, write: Write, options: list[object], store: Path) -> None:
    assert cli("ablate", write(DIVERGES, seeds="[0]", epochs=1), *options).status in (0, 1)
    assert "Did you mean 'small'" in cli("status", "smal", "--store", store).said
    assert cli("stop", "smal", "--store", store).status == 2
