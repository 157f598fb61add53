"""Files that were cut, altered or emptied are noticed, each of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from cltk.build import Prepared
from cltk.errors import StoreError
from cltk.events import Event
from cltk.record import Record
from cltk.record_file import read_record
from cltk.runs.checkpoint import Checkpoints
from cltk.runs.runner import execute
from tests.durability.conftest import comparable
from tests.observers import calling

DAMAGES = ("cut", "flipped", "emptied")


class CutError(BaseException):
    """The sudden end of a run."""


def damaged(content: bytes, damage: str, chance: random.Random) -> bytes:
    position = chance.randrange(len(content))
    if damage == "flipped":
        altered = bytearray(content)
        altered[position] ^= 1 << chance.randrange(8)
        return bytes(altered)
    return content[:position] if damage == "cut" else b""


@pytest.fixture
def stopped(make_prepared: Callable[[str], Prepared], tmp_path: Path) -> Path:
    """The folder of a run that stopped in the middle of its third task."""

    def stop(event: Event, record: Record) -> None:
        if len(record.accuracy) == 3 and len(record.losses) == 19:
            raise CutError

    with pytest.raises(CutError):
        execute(make_prepared("generative-replay"), 0, tmp_path, calling(stop), checkpoint_every=0)
    (path,) = tmp_path.glob("run-*")
    return path


def test_no_damage_goes_unnoticed(stopped: Path) -> None:
    chance = random.Random(0)  # noqa: S311 - not a secret
    checkpoints = Checkpoints(stopped)
    files = [stopped / "record.json", *stopped.glob("checkpoint-002-*"), *stopped.glob("progress-002-*")]
    assert len(files) == 3
    for attempt in range(201):
        file = files[attempt % 3]
        content = file.read_bytes()
        file.write_bytes(damaged(content, DAMAGES[attempt // 3 % 3], chance))
        match attempt % 3:
            case 0:
                with pytest.raises(StoreError, match=r"record\.json"):
                    read_record(file)
            case 1:
                checkpoint, problems = checkpoints.latest()
                assert checkpoint is not None
                assert checkpoint.completed == 1
                assert file.name in problems[0]
            case 2:
                progress, problems = checkpoints.progress(2)
                assert progress is None
                assert file.name in problems[0]
        file.write_bytes(content)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("pattern", ["checkpoint-002-*", "progress-002-*", "checkpoint-*", "record.json", "*"])
def test_a_run_with_damaged_files_comes_to_the_same_result(
    stopped: Path, make_prepared: Callable[[str], Prepared], tmp_path: Path, damage: str, pattern: str
) -> None:
    chance = random.Random(1)  # noqa: S311 - not a secret
    for file in stopped.glob(pattern):
        file.write_bytes(damaged(file.read_bytes(), damage, chance))
    prepared = make_prepared("generative-replay")
    resumed, whole = execute(prepared, 0, tmp_path, resume=True), execute(prepared, 0, tmp_path / "whole")
    noticed = [warning for warning in resumed.warnings if "cut or altered" in warning]
    assert noticed
    others = [warning for warning in resumed.warnings if warning not in noticed]
    assert comparable(resumed.model_copy(update={"warnings": others})) == comparable(whole)
