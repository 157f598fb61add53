"""Studies end as if nothing had happened, whatever fails under them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.durability.studies import may_mount
from tests.servers import Postgres

ROOT = Path(__file__).parents[2]


def assert_one_ends(study_db: str) -> None:
    """More of them: ``python -m tests.durability.studies``. In a process of its own, which servers are taken from."""
    if not may_mount():
        pytest.skip("this user may not mount a disk and name a machine")
    command = [sys.executable, "-m", "tests.durability.studies", "--studies", "1", "--study-db", study_db]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"1 of 1 studies in a {study_db} ended with each cell once" in done.stdout


@pytest.mark.slow
def test_a_study_in_a_folder_ends_whatever_fails() -> None:
    assert_one_ends("folder")


@pytest.mark.slow
def test_a_study_in_a_database_ends_whatever_fails() -> None:
    pytest.importorskip("psycopg")
    try:
        Postgres()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    assert_one_ends("postgresql")
