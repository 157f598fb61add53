"""What the API of Kubernetes (batch/v1, core/v1) says of the fields of a job."""

# ruff: noqa: N815 - the names are those of Kubernetes

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Job"]

Label = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(m|[EPTGMk]i?)?$")]


class _Object(BaseModel):
    """A part of a manifest: no field but those that it has."""

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


class Job(_Object):
    apiVersion: Literal["batch/v1"]
    kind: Literal["Job"]
    metadata: _Metadata
    spec: _JobSpec
