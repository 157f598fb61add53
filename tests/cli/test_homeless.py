"""A user without a home, as in a container with a user number of its own, and homes of users that there are not."""

from __future__ import annotations

import json
import os
import pwd
import sys
from pathlib import Path

import pytest

from tests.commandline import Cli, run_child

RUN = ["run", "--scenario", "split-digits", "--scenario.per-class", "5", "--strategy", "finetune", "--json"]
UNKNOWN = "~nobody-by-this-name/data"


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "XDG_CACHE_HOME", "CLTK_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", find)


@pytest.mark.usefixtures("homeless")
class TestHomeless:
    def test_it_runs(self, cli: Cli, store: Path) -> None:
        done = cli(*RUN, "--store", store)
        assert (done.status, done.json["status"]) == (0, "finished")

    def test_it_reads_data_from_a_folder_that_is_named(self, cli: Cli, mnist_folder: Path) -> None:
        done = cli("data", "list", "--json", "--data-dir", mnist_folder)
        assert {row["scenario"]: row["data"] for row in done.json}["split-mnist"].startswith("in ")

    def test_data_that_is_nowhere_is_said_to_be_missing(self, cli: Cli) -> None:
        done = cli("run", "--scenario", "split-mnist", "--strategy", "finetune")
        assert done.status == 1
        assert "--data-dir" in done.said
        assert "should not have" not in done.said

    def test_there_is_nowhere_to_fetch_data_to(self, cli: Cli) -> None:
        done = cli("data", "fetch", "split-mnist")
        assert done.status == 2
        assert "--data-dir" in done.said


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--strategy", "finetune", "--data-dir", UNKNOWN],
        ["data", "list", "--data-dir", UNKNOWN],
        ["run", "--scenario", "features", "--scenario.path", UNKNOWN, "--strategy", "finetune"],
    ],
)
def test_the_home_of_a_user_that_there_is_not_is_named(cli: Cli, words: list[str]) -> None:
    done = cli(*words)
    assert done.status in (1, 2)
    assert UNKNOWN in done.said
    assert "should not have" not in done.said


def test_nothing_else_asks_for_the_home(tmp_path: Path) -> None:
    """The same in a process of its own, where MLflow and all else is imported anew."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, pwd\n"
        "def find(uid):\n    raise KeyError(uid)\n"
        "pwd.getpwuid = find\n"
        "os.environ.pop('HOME', None)\n"
        "os.environ.pop('XDG_CACHE_HOME', None)\n"
    )
    done = run_child(*RUN, "--store", tmp_path / "runs", PYTHONPATH=os.pathsep.join([str(site), *sys.path]))
    assert done.status == 0, done.err
    assert json.loads(done.out)["sink_failures"] == {}
