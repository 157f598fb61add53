from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cltk.errors import StoreError
from cltk_mlflow.experiment import MlflowExperiment
from cltk_mlflow.server import open_server, server_uri

# SQLAlchemy 2.1 warns of what MLflow's tables use.
pytestmark = pytest.mark.filterwarnings("ignore:The ..noload.. loader strategy:DeprecationWarning")

OPEN = """
import sys, time
from pathlib import Path
from cltk_mlflow.experiment import MlflowExperiment
from cltk_mlflow.server import open_server
import mlflow
Path(sys.argv[2]).touch()
while not Path(sys.argv[3]).exists():
    time.sleep(0.001)
server = open_server(Path(sys.argv[1]))
MlflowExperiment(server, "shared").create("run", {})
"""


def open_at_once(folder: Path, processes: int = 2) -> list[str]:
    """Opens a fresh store in several processes at the same moment; returns what went wrong in each."""
    environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    ready = [folder.with_suffix(f".{i}") for i in range(processes)]
    flags = [[str(mine), str(ready[(i + 1) % processes])] for i, mine in enumerate(ready)]
    command = [sys.executable, "-c", OPEN, str(folder)]
    children = [
        subprocess.Popen([*command, *flag], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for flag in flags
    ]
    ends = [child.communicate(timeout=120) for child in children]
    return [out + error for (out, error), child in zip(ends, children, strict=True) if child.returncode]


@pytest.mark.parametrize("attempt", range(2))
def test_two_processes_open_a_fresh_store_at_once(tmp_path: Path, attempt: int) -> None:
    assert open_at_once(tmp_path / f"new {attempt}") == []


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(20))
def test_processes_open_a_fresh_store_at_once_again_and_again(tmp_path: Path, attempt: int) -> None:
    assert open_at_once(tmp_path / "new") == []


def test_an_unreachable_server_is_named_within_seconds(tmp_path: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:9.*refused") as caught:
        open_server(tmp_path, "http://127.0.0.1:9")
    assert time.monotonic() - begin < 10
    assert "Start that server" in caught.value.advice


def test_a_database_without_server_or_driver_is_named_within_seconds(tmp_path: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(StoreError, match=r"\*\*\*@127\.0\.0\.1:9") as caught:
        open_server(tmp_path, "mysql://me:secret@127.0.0.1:9/runs")
    assert time.monotonic() - begin < 10
    assert "secret" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        open_server(tmp_path / "file" / "store", None)


def test_a_file_that_is_no_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        open_server(tmp_path)


def test_a_database_in_a_folder_to_be_made_is_opened(tmp_path: Path) -> None:
    open_server(tmp_path, f"sqlite:///{tmp_path}/to be/made/runs.db")
    assert (tmp_path / "to be" / "made" / "runs.db").exists()


def test_the_uri_given_wins_over_the_environment_and_that_over_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://environment")
    assert server_uri(tmp_path, "http://given") == "http://given"
    assert server_uri(tmp_path) == "http://environment"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert server_uri(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize(
    "uri",
    [
        "mysql://me:sec/ret@127.0.0.1:9/runs",
        "postgresql://127.0.0.1:9/runs?user=me&password=secret",
        "http://me:sec/ret@127.0.0.1:9",
        "http://127.0.0.1:9/?token=secret",
        "http://me:secret@127.0.0.1:9",
    ],
)
def test_no_error_shows_a_secret(tmp_path: Path, uri: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_server(tmp_path, uri)
    assert not {"secret", "sec/ret", "'sec'"} & set(str(caught.value).replace(":", " ").split())
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize("name", ["feature%2Freplay", "what?now", "50%", "a#b", "a & b=c", "quote'd", "[x]"])
def test_the_database_is_in_its_folder_whatever_that_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / name / "runs"
    run_id = MlflowExperiment(open_server(folder), "escaped").create("run", {})
    MlflowExperiment(open_server(folder), "escaped").text(run_id, "note.txt", "here")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert {path.name for path in folder.iterdir()} >= {"mlflow.db", "artifacts"}
    assert [path.read_text() for path in folder.rglob("note.txt")] == ["here"]


@pytest.mark.parametrize("name", [b"runs-\xff", b"50%-\xff"])
@pytest.mark.parametrize("database", [None, "other.db"])
def test_a_folder_that_mlflow_cannot_write_in_is_named_and_nothing_is_written_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes, database: str | None
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    folder = tmp_path / os.fsdecode(name)
    with pytest.raises(StoreError, match="is not UTF-8"):
        open_server(folder, database and f"sqlite:///{tmp_path}/{database}")
    assert list(tmp_path.iterdir()) == []


def test_importing_the_sink_imports_no_mlflow() -> None:
    code = "import sys, cltk_mlflow.sink, cltk_mlflow.records; assert not {'mlflow', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_who_may_write_the_store_is_up_to_the_umask(tmp_path: Path) -> None:
    """A laboratory shares its store: what one user's run has made, another's has to add to."""
    before = os.umask(0o002)
    try:
        open_server(tmp_path)
    finally:
        os.umask(before)
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir() if path.is_file()} == {
        "mlflow.db": "0o664",
        "mlflow.lock": "0o664",
    }
