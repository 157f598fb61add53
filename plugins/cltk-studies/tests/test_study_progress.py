"""What a worker shows of a study that somebody else began."""

from __future__ import annotations

from pathlib import Path

import pytest
from optuna.trial import create_trial

from cltk_studies.commands.study_progress import StudyProgress
from cltk_studies.work.positions import Positions
from cltk_studies.work.state import State


@pytest.fixture
def state() -> State:
    """An item that ended."""
    return State.of(create_trial(value=1.0, user_attrs={"cell": "a", "seed": 5}))


def test_it_counts_on_from_what_is_done(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = StudyProgress()
    progress.join({"finished": 4, "failed": 1, "waiting": 2}, Positions(tmp_path, "study"))
    with progress:
        progress.show(state, [], {"finished": 5, "failed": 1, "waiting": 1})
        progress.show(state, [], {"finished": 6, "failed": 1})
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("6 of 7 · a, seed 5 finished elsewhere · about ")
    assert last.endswith("all done")
