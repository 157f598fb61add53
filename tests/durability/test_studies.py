"""Studies end as if nothing had happened, whatever fails under them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.durability.studies import may_mount, torment
from tests.servers import Postgres


@pytest.mark.slow
def test_a_study_in_a_folder_ends_whatever_fails(tmp_path: Path) -> None:
    """More of them: ``python -m tests.durability.studies``."""
    if not may_mount():
        pytest.skip("this user may not mount a disk and name a machine")
    met, differences = torment(tmp_path, seed=0, server=None)
    assert met
    assert not differences


@pytest.mark.slow
def test_a_study_in_a_database_ends_whatever_fails(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    if not may_mount():
        pytest.skip("this user may not mount a disk and name a machine")
    try:
        server = Postgres()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with server:
        met, differences = torment(tmp_path, seed=0, server=server)
    assert met
    assert not differences
