"""Whatever form the address of a study's database has, neither errors nor lists of processes show a secret of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cltk.errors import ConfigError
from cltk.machine import Machine
from cltk_studies.work.database import open_database
from cltk_studies.work.worker import Worker
from cltk_studies.work.workers import worker_command

ADDRESSES = (
    "postgresql://me:secret@127.0.0.1:9/studies",
    "postgresql://me:sec/ret@127.0.0.1:9/studies",
    "postgresql://127.0.0.1:9/studies?user=me&password=secret",
)


@pytest.mark.parametrize("address", [*ADDRESSES, "mysql://127.0.0.1:9/studies?password=secret"])
def test_no_error_shows_one(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_database(address)
    assert "127.0.0.1" in str(caught.value)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_command_of_a_worker_has_one(address: str, tmp_path: Path) -> None:
    command = worker_command(Worker(("study",), tmp_path, address, Machine()))
    assert "--study-db" not in command
    assert "sec" not in " ".join(command).replace(str(tmp_path), "")
