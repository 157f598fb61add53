"""The page "From one machine to many": each recipe as it is written, but for addresses and folders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.pages import Shell, blocks
from tests.servers import TrackingServer, free_port

from .manifest import Job
from .postgres import running_postgres
from .slurm_cluster import running_slurm

pytestmark = pytest.mark.slow

PAGE = "cluster.md"
STUDY = """
name = "{name}"
seeds = [0, 1]
scenario = {{ name = "split-digits", per_class = 20 }}
strategy = {{ name = "finetune", classifier = {{ epochs = 1, min_steps = 0 }} }}
[ablate.axes]
"strategy.classifier.lr" = [0.001, 0.01]
"""
Type = Callable[..., str]


def recipe(section: str) -> list[str]:
    found = [block.text for block in blocks(PAGE, "sh") if block.section == section]
    assert found, f"no commands under '{section}'"
    return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A terminal beside small studies of the names that the page has; the test's own store, without MLflow."""
    (tmp_path / "experiments").mkdir()
    for name in ("schedules", "generators"):
        (tmp_path / "experiments" / f"{name}.toml").write_text(STUDY.format(name=name))
    return Shell(tmp_path, {"CLTK_THREADS": "1", "CLTK_SINK": "none"})


@pytest.fixture
def here(shell: Shell, tmp_path: Path) -> Type:
    """Types a recipe with what is here in the place of what the page names, which it must name."""

    def type_recipe(text: str, **places: str) -> str:
        for named, ours in ({"/shared": f"{tmp_path}/shared"} | places).items():
            text = text.replace(named, ours)
        return shell.type(text)

    return type_recipe


def finished(store: Path) -> int:
    return sum('"status": "finished"' in path.read_text() for path in store.glob("*/record.json"))


def test_every_section_has_a_test() -> None:
    tested = {"Two workers", "A shared folder", "Slurm", "Dask, and with it PBS, LSF and SGE", "Ray", "PostgreSQL"}
    assert {block.section for block in blocks(PAGE, "sh")} == tested | {"Optuna's gRPC proxy", "Kubernetes"}


def test_two_workers(here: Type, tmp_path: Path) -> None:
    (text,) = recipe("Two workers")
    assert "lr=0.01" in here(text)
    assert finished(tmp_path / "runs") == 4


def test_a_shared_folder(here: Type, tmp_path: Path) -> None:
    (text,) = recipe("A shared folder")
    assert "lr=0.01" in here(text)
    assert finished(tmp_path / "shared" / "schedules" / "runs") == 4


def test_slurm(here: Type, shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> None:
    (text,) = recipe("Slurm")
    with running_slurm(tmp_path_factory.mktemp("slurm")) as variables:
        exports = "".join(f"export {name}='{value}'\n" for name, value in variables.items() if name != "PATH")
        root = variables["PATH"].split(":")[0]
        shell.type(f'{exports}export PATH="$PATH:{root}"')
        here(text, **{"partition gpu": "partition main", "--workers 16": "--workers 2"})


def test_dask(here: Type, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("cltk_dask")
    (text,) = recipe("Dask, and with it PBS, LSF and SGE")
    options = {"threads_per_worker": 2, "dashboard_address": None, "host": "127.0.0.1"}
    with distributed.LocalCluster(n_workers=1, processes=True, **options) as cluster:
        here(text, **{"tcp://10.0.0.1:8786": cluster.scheduler_address, "--workers 16": "--workers 2"})
    assert finished(tmp_path / "shared" / "schedules" / "runs") == 4


RAY = """
import ray
options = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR", "address": "local"}
print(ray.init(num_cpus=2, **options).address_info["address"], flush=True)
input()
"""


def test_ray(here: Type, shell: Shell, tmp_path: Path) -> None:
    """Without the token that processes of one user share in a file of their home."""
    pytest.importorskip("ray")
    pytest.importorskip("cltk_ray")
    (text,) = recipe("Ray")
    open_to_all = {"RAY_AUTH_MODE": "disabled"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", RAY], env=os.environ | open_to_all, **pipes) as cluster:
        assert cluster.stdout is not None
        shell.type(f"export RAY_AUTH_MODE=disabled RAY_ADDRESS={cluster.stdout.readline().strip()}")
        here(text, **{"--workers 16": "--workers 2"})
        cluster.communicate("\n")
    assert finished(tmp_path / "shared" / "schedules" / "runs") == 4


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of a database of a server of the test's own."""
    with running_postgres() as url:
        import psycopg

        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE optuna")
        yield f"{url}/optuna"


def test_postgresql_and_the_proxy_before_it(here: Type, database: str, tmp_path: Path) -> None:
    pytest.importorskip("grpc")
    tracking, port = TrackingServer(tmp_path), str(free_port())
    tracking.start()
    try:
        url = {"postgresql://cltk@db.example/optuna": database, "http://mlflow.example:5000": tracking.uri}
        (text,) = recipe("PostgreSQL")
        here(text, **url)
        assert finished(tmp_path / "runs") == 4
        serve, work = recipe("Optuna's gRPC proxy")
        address = {"host='0.0.0.0'": "host='127.0.0.1'", "13000": port}
        address["postgresql+psycopg://cltk@db.example/optuna"] = database.replace("sql:", "sql+psycopg:")
        here(f"(exec {serve.rstrip()}) > proxy.log 2>&1 & echo $! > proxy", **address)
        try:
            here(work, **{"proxy.example:13000": f"127.0.0.1:{port}"})
        finally:
            subprocess.run(["kill", (tmp_path / "proxy").read_text().strip()], check=True)
    finally:
        tracking.kill()


def test_kubernetes(here: Type, tmp_path: Path) -> None:
    (text,) = recipe("Kubernetes")
    printed = here(text)
    job = Job.model_validate_json(printed[printed.index("{") : printed.rindex("}") + 1])
    assert job.spec.parallelism == 16
    assert not (tmp_path / "runs").exists()
