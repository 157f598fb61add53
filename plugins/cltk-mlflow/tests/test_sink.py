"""A finished study that is called again starts nothing, unless something has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.interfaces import RunGroup
from cltk.record import Record
from cltk_mlflow import sink as module
from cltk_mlflow.sink import MlflowSink

STUDY = RunGroup("study", "known", "a comparison", seeds=(0,), definition={"name": "known"})
CELL = RunGroup("cell", "a", config_hash="aaaaaaaaaaaa", seeds=(0,), parent="known")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """Tells a new sink of a whole study; returns what was sent to the process that writes."""
    sent: list[str] = []

    class Process:
        def __init__(self, *arguments: Any) -> None: ...

        def submit(self, method: Any, *arguments: Any) -> None:
            sent.append(method.__name__)

        def close(self) -> None: ...

        @classmethod
        def __class_getitem__(cls, item: Any) -> Any:
            return cls

    monkeypatch.setattr(module, "BackgroundProcess", Process)

    def tell(records: list[Record], ended: bool = False) -> list[str]:
        sent.clear()
        sink = MlflowSink(MlflowSink.Config(), tmp_path)
        sink.begin_group(STUDY)
        sink.begin_group(CELL)
        for record in records if ended else ():
            sink.finish(record)
        sink.finish_group(CELL, records, {}, None)
        sink.finish_group(STUDY, records, {}, tmp_path)
        sink.close()
        return list(sent)

    return tell


def test_the_order_is_kept(told: Callable[..., list[str]], make_record: Callable[..., Record]) -> None:
    sent = told([make_record(0)], ended=True)
    assert sent == ["begin_group", "begin_group", "finish", "finish_group", "finish_group"]


def test_what_is_known_is_not_sent_again(
    told: Callable[..., list[str]], make_record: Callable[..., Record], tmp_path: Path
) -> None:
    record = make_record(0)
    assert told([record])
    (tmp_path / "mlflow.db").touch()
    assert told([record]) == []
    assert told([record.model_copy(update={"seconds": {"total": 99.0}})])
    (tmp_path / "mlflow.db").unlink()
    assert told([record])


def test_who_does_not_wait_is_told_how_to_upload_the_rest(
    told: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(process: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.BackgroundProcess, "close", interrupted)
    sink = MlflowSink(MlflowSink.Config(), tmp_path)
    sink.begin_group(RunGroup("seeds", "known", seeds=(0,)))
    (notice,) = sink.close()
    assert notice.startswith("MLflow does not have everything, as it was not waited for. The records are kept in ")
    assert f"'cltk sync --store {tmp_path}'" in notice
