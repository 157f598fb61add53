"""The launcher ``kubernetes``: the manifest of a job, to be applied by whoever may."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from cltk.config import Settings
from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher

__all__ = ["Kubernetes"]


class Kubernetes(Launcher):
    """Describes the workers as a job of Kubernetes; it starts nothing: ``--dry-run`` prints the manifest."""

    class Config(Settings):
        """What the manifest says."""

        image: str = Field("cltk:latest", description="The image, in which cltk is installed.")
        cpus: int = Field(1, ge=1, description="CPUs of a worker.")
        memory: str = Field("2Gi", description="Memory of a worker.")
        gpus: int = Field(0, ge=0, description="GPUs of a worker.")
        claim: str = Field(
            "cltk", description="The volume claim with the study's folder; it is mounted where the folder is."
        )
        secret: str | None = Field(
            None, description="A secret whose entries become variables, such as 'CLTK_STUDY_DB'; None for none."
        )
        restarts: int = Field(100, ge=0, description="How often workers that ended badly are started again.")

    config: Config

    def start(self, command: Sequence[str], n: int) -> Handle:
        """Starts nothing.

        Raises:
            CltkError: Always.
        """
        raise CltkError(
            "The launcher 'kubernetes' only describes workers.", "Print the manifest with --dry-run, and apply it."
        )

    def alive(self, handle: Handle) -> int:
        """None of them: it starts none."""
        return 0

    def reason(self, handle: Handle) -> str | None:
        """Nothing is known."""
        return None

    def stop(self, handle: Handle) -> None:
        """Does nothing: it starts none."""

    def describe(self, command: Sequence[str], n: int) -> str:
        """The manifest, as JSON, which ``kubectl apply -f -`` takes."""
        config = self.config
        resources: dict[str, Any] = {"cpu": str(config.cpus), "memory": config.memory}
        if config.gpus:
            resources["nvidia.com/gpu"] = str(config.gpus)
        container: dict[str, Any] = {
            "name": "worker",
            "image": config.image,
            "command": ["cltk", *command[command.index("cltk") + 1 :]] if "cltk" in command else list(command),
            "resources": {"limits": resources},
            "volumeMounts": [{"name": "study", "mountPath": str(_shared(self.folder))}],
        }
        if config.secret:
            container["envFrom"] = [{"secretRef": {"name": config.secret}}]
        pod = {
            "restartPolicy": "OnFailure",
            "terminationGracePeriodSeconds": 60,
            "containers": [container],
            "volumes": [{"name": "study", "persistentVolumeClaim": {"claimName": config.claim}}],
        }
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": _label(self.folder.name or "cltk")},
            "spec": {
                "parallelism": n, "completions": n, "backoffLimit": config.restarts, "template": {"spec": pod},
            },
        }  # fmt: skip
        return json.dumps(job, indent=2)


def _shared(folder: Path) -> Path:
    """The folder of a shared study, in whose runs the study's own folder is; the runs where these lie at the top."""
    *_, shared = [folder, *(parent for parent in folder.absolute().parents[:3] if parent != parent.parent)]
    return shared


def _label(name: str) -> str:
    """A name as Kubernetes takes it: at most 63 small letters, digits and hyphens."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return plain[:63].strip("-") or "cltk"
