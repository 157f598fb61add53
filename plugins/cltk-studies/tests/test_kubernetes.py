"""The launcher ``kubernetes``: a manifest that Kubernetes takes, and nothing is started."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.errors import CltkError
from cltk.testing import conformance_tests
from cltk_studies.launchers.kubernetes import Kubernetes

from .manifest import Job

test_conformance = conformance_tests(Kubernetes)


@pytest.mark.parametrize("name", ["study", "Generators & schedules", "x" * 100, "-"])
def test_the_manifest_is_one_of_a_job(tmp_path: Path, name: str) -> None:
    config = Kubernetes.Config.model_validate({"gpus": 1, "secret": "database"})
    launcher = Kubernetes(config, tmp_path / "runs" / "studies" / name)
    job = Job.model_validate_json(launcher.describe(["python", "-m", "cltk", "worker", name], 16))
    (container,) = job.spec.template.spec.containers
    assert container.command == ["cltk", "worker", name]
    assert container.volumeMounts[0].mountPath == str(tmp_path)
    assert job.spec.parallelism == 16


@pytest.mark.parametrize(
    ("folder", "mounted"),
    [("/shared/s/runs/studies/s", "/shared/s"), ("/data/studies/s", "/data"), ("/home/me/runs/studies/s", "/home/me")],
)
def test_it_mounts_where_the_study_and_its_runs_are(folder: str, mounted: str) -> None:
    manifest = Kubernetes(Kubernetes.Config(), Path(folder)).describe(["cltk", "worker"], 2)
    (container,) = Job.model_validate_json(manifest).spec.template.spec.containers
    assert [mount.mountPath for mount in container.volumeMounts] == [mounted]


def test_it_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(CltkError, match="only describes"):
        Kubernetes(Kubernetes.Config(), tmp_path).start(["true"], 1)


def test_a_plan_prints_it(cli: Callable[..., Any], write: Callable[..., Path], tmp_path: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n')
    options = ["--study-db", tmp_path / "shared", "--launcher", "kubernetes", "--workers", 3, "--dry-run", "--json"]
    job = Job.model_validate(json.loads(cli("ablate", file, *options).json["launched"]))
    assert job.spec.parallelism == 3
    assert str(tmp_path / "shared" / "runs") in job.spec.template.spec.containers[0].command
