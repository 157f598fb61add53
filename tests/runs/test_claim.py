"""One process a run, also where one ends at the moment in which another begins."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import pytest

from cltk.errors import StoreError
from cltk.runs.claim import RunBusyError, claimed


def test_a_second_claim_is_refused(tmp_path: Path) -> None:
    with (
        claimed([tmp_path / "run"]),
        pytest.raises(StoreError, match="'run' is being done"),
        claimed([tmp_path / "run"]),
    ):
        pass


def test_a_lock_whose_file_was_removed_meanwhile_is_not_a_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process ends between the opening of its file here and its locking: a third one makes a new file."""
    lock = fcntl.flock
    ends = iter([True])

    def flock(file: Any, operation: int) -> None:
        if next(ends, False):
            (tmp_path / ".lock").unlink()
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with claimed([tmp_path]), pytest.raises(StoreError, match="is being done"), claimed([tmp_path]):
        pass


@pytest.mark.parametrize(("first", "second"), [(False, True), (True, False)])
def test_a_claim_that_may_be_shared_keeps_from_one_that_may_not(tmp_path: Path, first: bool, second: bool) -> None:
    with claimed([tmp_path], shared=first), pytest.raises(RunBusyError), claimed([tmp_path], shared=second):
        pass
    with claimed([tmp_path], shared=second):
        pass


def test_those_that_share_a_claim_keep_others_out_to_the_last(tmp_path: Path) -> None:
    with claimed([tmp_path], shared=True):
        with claimed([tmp_path], shared=True):
            pass
        with pytest.raises(RunBusyError), claimed([tmp_path]):
            pass
    assert not list(tmp_path.iterdir())
