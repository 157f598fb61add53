"""What a worker shows of a study that somebody else began."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cltk_studies.commands.study_progress import StudyProgress


@pytest.fixture
def state() -> Any:
    """An item that ended."""
    return SimpleNamespace(name="a", error=None, trial=SimpleNamespace(user_attrs={"seed": 5}))


def test_it_counts_on_from_what_is_done(state: Any, capsys: pytest.CaptureFixture[str]) -> None:
    progress = StudyProgress()
    progress.join({"finished": 4, "failed": 1, "waiting": 2})
    with progress:
        progress.show(state, [], {"finished": 5, "failed": 1, "waiting": 1})
        progress.show(state, [], {"finished": 6, "failed": 1})
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("6 of 7 · a, seed 5 finished elsewhere · about ")
    assert last.endswith("all done")
