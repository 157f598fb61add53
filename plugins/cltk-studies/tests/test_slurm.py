"""The launcher ``slurm``, on a real Slurm."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cltk.errors import CltkError
from cltk.testing import conformance_tests
from cltk_studies.launchers.slurm import Slurm
from cltk_studies.work.database import open_database

from .slurm_cluster import running_slurm
from .test_durable import GRID, completions, records_of

Write = Callable[..., Path]
Start = Callable[..., Any]
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with running_slurm(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


@pytest.fixture
def slurm(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("slurm")
class TestConformance:
    test_conformance = staticmethod(conformance_tests(Slurm))


def call(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_its_script_says_what_is_asked_of_slurm(tmp_path: Path) -> None:
    config = Slurm.Config(
        partition="gpu", account="lab", time="12:00:00", memory="4G", cpus=2, gpus=1, array_parallelism=3,
        setup=("module load cuda",), options=("--qos=long",),
    )  # fmt: skip
    script = Slurm(config, tmp_path / "study").describe(["cltk", "worker", "a b"], 8)
    for line in (
        "--partition=gpu", "--account=lab", "--time=12:00:00", "--mem=4G", "--cpus-per-task=2", "--gres=gpu:1",
        "--array=0-7%3", "--qos=long", "--requeue",
    ):  # fmt: skip
        assert f"#SBATCH {line}" in script.splitlines()
    assert script.splitlines()[-3:] == [
        "module load cuda", "export CLTK_WORKER=$SLURM_ARRAY_TASK_ID", "exec cltk worker 'a b'",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("30", 1800), ("30:10", 1810), ("1:00:00", 3600), ("2-00", 172800), ("1-01:30", 91800), ("1-0:0:5", 86405)],
)
def test_it_knows_the_time_limit(tmp_path: Path, time: str, seconds: float) -> None:
    assert Slurm(Slurm.Config(time=time), tmp_path).time_limit == seconds


@pytest.mark.parametrize("time", ["0", "UNLIMITED", "infinite"])
def test_it_knows_that_there_is_no_time_limit(tmp_path: Path, time: str) -> None:
    assert Slurm(Slurm.Config(time=time), tmp_path).time_limit is None


@pytest.mark.parametrize("time", ["soon", "1:2:3:4", "-5", "12h", ""])
def test_a_time_that_slurm_does_not_know_is_named(write: Write, cli: Cli, store: Path, time: str) -> None:
    done = cli("ablate", write(GRID), "--store", store, "--launcher", "slurm", f"--launcher.slurm.time={time}")
    assert done.status == 2
    assert "--launcher.slurm.time" in done.said
    assert "12:00:00" in done.said


def test_numbers_are_text_to_slurm(tmp_path: Path) -> None:
    """An option's '--launcher.slurm.time 30' and a file's 'time = 30' are whole numbers to TOML."""
    config = Slurm.Config.model_validate({"time": 30, "memory": 4000, "account": 17})
    script = Slurm(config, tmp_path / "study").describe(["cltk", "worker"], 1)
    assert {"#SBATCH --time=30", "#SBATCH --mem=4000", "#SBATCH --account=17"} <= set(script.splitlines())


def test_one_line_is_as_good_as_a_list(tmp_path: Path) -> None:
    config = Slurm.Config.model_validate({"setup": "module load cuda", "options": "--qos=long"})
    script = Slurm(config, tmp_path / "study").describe(["cltk", "worker"], 1)
    assert {"module load cuda", "#SBATCH --qos=long"} <= set(script.splitlines())


@pytest.mark.parametrize(("limit", "warned"), [("1", True), ("2-00", False)])
def test_a_time_limit_that_is_shorter_than_a_run_is_warned_of(
    write: Write, cli: Cli, store: Path, limit: str, warned: bool
) -> None:
    options = ["--store", store, "--launcher", "slurm", "--launcher.slurm.time", limit, "--dry-run"]
    plan = cli("ablate", write(GRID, epochs=100_000), *options)
    assert plan.status == 0, plan.err
    assert f"#SBATCH --time={limit}" in plan.out
    assert ("A run is estimated at" in plan.err) == warned


def test_without_slurm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CltkError, match="no 'sbatch' on this machine"):
        Slurm(Slurm.Config(), tmp_path).start(["true"], 1)


@pytest.mark.usefixtures("slurm")
def test_a_partition_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CltkError, match="partition"):
        Slurm(Slurm.Config(partition="nowhere"), tmp_path).start(["true"], 1)


@pytest.mark.usefixtures("slurm")
def test_a_job_that_cannot_start_is_explained(tmp_path: Path) -> None:
    launcher = Slurm(Slurm.Config(options=("--begin=now+1hour",)), tmp_path)
    handle = launcher.start(["true"], 1)
    while launcher.waiting(handle) is None:
        time.sleep(0.2)
    assert "BeginTime" in str(launcher.waiting(handle))
    launcher.stop(handle)
    while launcher.alive(handle):
        time.sleep(0.2)


@pytest.mark.usefixtures("slurm")
def test_a_study_is_worked_on(write: Write, cli: Cli, store: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n[launcher.slurm]\ntime = "30"\n')
    done = cli("ablate", file, "--store", store, "--launcher", "slurm", "--workers", 2, "--json", "--sink", "none")
    assert done.status == 0, done.err
    assert done.json["finished"] == 4
    while call("squeue", "-h"):  # Nothing is left there.
        time.sleep(0.5)
    assert "launcher" not in open_database(store).backend.get_all_studies()[0].user_attrs["cltk_study"]


@pytest.mark.usefixtures("slurm")
def test_a_detached_study_is_followed_and_stopped(write: Write, cli: Cli, store: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n', epochs=2000)
    options = ["--store", store, "--launcher", "slurm", "--workers", 2, "--sink", "none"]
    begun = cli("ablate", file, *options, "--detach")
    assert begun.status == 0, begun.err
    while (status := cli("status", "small", "--store", store, "--json").json)["counts"]["running"] == 0:
        time.sleep(0.5)
    assert status["launched"] == [{"launcher": "slurm", "alive": 2, "reason": None}]
    assert status["workers"][0]["item"].startswith("lr=")
    assert cli("stop", "small", "--store", store).status == 0
    deadline = time.monotonic() + 60
    while call("squeue", "-h") or cli("status", "small", "--store", store, "--json").json["counts"]["running"]:
        assert time.monotonic() < deadline, "what they did is not given back"
        time.sleep(0.5)


@pytest.mark.usefixtures("slurm")
def test_a_folder_that_a_node_does_not_share_is_guessed(tmp_path: Path) -> None:
    """Slurm opens a task's log on its node, before anything of the task runs."""
    launcher = Slurm(Slurm.Config(options=("--output=/nowhere/log",)), tmp_path)
    handle = launcher.start(["true"], 1)
    while launcher.alive(handle):
        time.sleep(0.2)
    assert "is the study's folder shared with its node?" in str(launcher.reason(handle))


@pytest.mark.usefixtures("slurm")
def test_tasks_that_failed_are_told_from_the_others(tmp_path: Path) -> None:
    script = 'case "$CLTK_WORKER" in 0) sleep 60;; 1) echo out of order; exit 3;; 2) echo going on; kill -9 $$;; esac'
    launcher = Slurm(Slurm.Config(), tmp_path)
    handle = launcher.start(["sh", "-c", script], 3)
    while launcher.alive(handle) > 1:
        time.sleep(0.2)
    ended = f"Slurm's job {handle['job']} ended as FAILED"
    reasons = {"1": f"{ended}: out of order", "2": f"{ended}: it was killed, perhaps for want of memory"}
    assert launcher.ended(handle) == reasons
    assert launcher.reason(handle) in reasons.values()
    launcher.stop(handle)


@pytest.mark.slow
@pytest.mark.usefixtures("slurm")
def test_jobs_that_are_cancelled_requeued_and_killed_change_nothing(
    write: Write, start: Start, cli: Cli, tmp_path: Path, store: Path
) -> None:
    """24 cells, 4 workers as two nodes of two have them: 10 blows by chance, then the same command again."""
    file = write(GRID, epochs=300)
    options = [file, "--store", store, "--launcher", "slurm", "--workers", 4, "--max-losses", 20, "--lease", 8]
    command = start("ablate", *options, "--sink", "none")
    chance = random.Random(0)  # noqa: S311 - not a secret
    blows = 0
    while blows < 10 and command.process.poll() is None:
        time.sleep(chance.uniform(0.5, 4))
        running = call("squeue", "-h", "-r", "-t", "RUNNING", "-o", "%A").split()
        if not running:
            continue
        job, blow = chance.choice(running), chance.choice(["scancel", "requeue", "kill"])
        if blow == "scancel":
            call("scancel", job)
        elif blow == "requeue":
            call("scontrol", "requeue", job)
        else:
            for line in call("scontrol", "listpids", job).splitlines()[1:]:  # Below a head, a process a line.
                with suppress(ProcessLookupError):
                    os.kill(int(line.split()[0]), signal.SIGKILL)
        blows += 1
    command.interrupt()
    command.end()
    status, out, err = start("ablate", *options, "--json", "--sink", "none").end(600)
    assert status == 0, err
    assert blows == 10
    assert json.loads(out)["finished"] == 24
    assert set(completions(store, "small").values()) == {1}
    assert cli("ablate", file, "--store", tmp_path / "whole", "--quiet", "--sink", "none").status == 0
    assert records_of(store) == records_of(tmp_path / "whole")
