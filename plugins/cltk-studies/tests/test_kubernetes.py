"""The launcher ``kubernetes``: a manifest that Kubernetes takes, and nothing is started."""

# ruff: noqa: N815 - the names are those of Kubernetes

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from cltk.errors import CltkError
from cltk.testing import conformance_tests
from cltk_studies.launchers.kubernetes import Kubernetes

test_conformance = conformance_tests(Kubernetes)

Label = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(m|[EPTGMk]i?)?$")]


class _Object(BaseModel):
    """A part of a manifest: what follows is what the API of Kubernetes (batch/v1, core/v1) says of these fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Mount(_Object):
    name: Label
    mountPath: Annotated[str, Field(pattern="^/[^:]*$")]


class _SecretRef(_Object):
    name: Label


class _EnvFrom(_Object):
    secretRef: _SecretRef


class _Resources(_Object):
    limits: dict[str, Quantity]


class _Container(_Object):
    name: Label
    image: str
    command: list[str]
    resources: _Resources
    volumeMounts: list[_Mount]
    envFrom: list[_EnvFrom] = []


class _Claim(_Object):
    claimName: Label


class _Volume(_Object):
    name: Label
    persistentVolumeClaim: _Claim


class _Pod(_Object):
    restartPolicy: Literal["OnFailure", "Never"]
    terminationGracePeriodSeconds: Annotated[int, Field(ge=0)]
    containers: Annotated[list[_Container], Field(min_length=1)]
    volumes: list[_Volume]


class _Template(_Object):
    spec: _Pod


class _JobSpec(_Object):
    parallelism: Annotated[int, Field(ge=0)]
    completions: Annotated[int, Field(ge=1)]
    backoffLimit: Annotated[int, Field(ge=0)]
    template: _Template


class _Metadata(_Object):
    name: Label


class _Job(_Object):
    apiVersion: Literal["batch/v1"]
    kind: Literal["Job"]
    metadata: _Metadata
    spec: _JobSpec


@pytest.mark.parametrize("name", ["study", "Generators & schedules", "x" * 100, "-"])
def test_the_manifest_is_one_of_a_job(tmp_path: Path, name: str) -> None:
    config = Kubernetes.Config.model_validate({"gpus": 1, "secret": "database"})
    launcher = Kubernetes(config, tmp_path / "runs" / "studies" / name)
    job = _Job.model_validate_json(launcher.describe(["python", "-m", "cltk", "worker", name], 16))
    (container,) = job.spec.template.spec.containers
    assert container.command == ["cltk", "worker", name]
    assert container.volumeMounts[0].mountPath == str(tmp_path)
    assert job.spec.parallelism == 16


def test_it_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(CltkError, match="only describes"):
        Kubernetes(Kubernetes.Config(), tmp_path).start(["true"], 1)


def test_a_plan_prints_it(cli: Callable[..., Any], write: Callable[..., Path], tmp_path: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n')
    options = ["--study-db", tmp_path / "shared", "--launcher", "kubernetes", "--workers", 3, "--dry-run", "--json"]
    job = _Job.model_validate(json.loads(cli("ablate", file, *options).json["launched"]))
    assert job.spec.parallelism == 3
    assert str(tmp_path / "shared" / "runs") in job.spec.template.spec.containers[0].command
