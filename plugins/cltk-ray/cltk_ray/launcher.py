"""The launcher ``ray``: workers as actors of a Ray cluster."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import Field

from cltk.config import Settings
from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher
from cltk_ray.actor import FINISHED, CommandRunner

__all__ = ["Ray"]

_NAMESPACE = "cltk"


class Ray(Launcher):
    """Has actors of a Ray cluster work on a study, each with a process of its own.

    The folder of the study has to be one that all nodes share, and cltk has to be installed there.
    """

    class Config(Settings):
        """Where the cluster is, and what each worker gets of it."""

        address: str = Field(
            "auto", description="The address of the cluster; 'auto' for the one that this machine belongs to."
        )
        cpus: float = Field(1.0, description="CPUs of each worker.")
        gpus: float = Field(0.0, description="GPUs of each worker.")

    config: Config

    def start(self, command: Sequence[str], n: int) -> Handle:
        """Makes the actors, which stay at work without this process.

        Raises:
            CltkError: There is no such cluster.
        """
        ray = _connected(self.config.address)
        names = [f"cltk-{uuid.uuid4().hex}" for _ in range(n)]
        resources = {"num_cpus": self.config.cpus, "num_gpus": self.config.gpus}
        for number, name in enumerate(names):
            runner = ray.remote(CommandRunner).options(
                name=name, namespace=_NAMESPACE, lifetime="detached", max_concurrency=4, **resources
            )
            runner.remote(list(command), number)
        return {"address": self.config.address, "actors": names}

    def alive(self, handle: Handle) -> int:
        """The actors whose processes run, or that wait for room."""
        return _statuses(handle).count("")

    def ended(self, handle: Handle) -> Mapping[str, str]:
        """What the processes that failed said last."""
        statuses = enumerate(_statuses(handle))
        return {str(number): status for number, status in statuses if status not in ("", FINISHED)}

    def stop(self, handle: Handle) -> None:
        """Has the actors terminate their processes, and ends them."""
        ray = _connected(handle["address"])
        for name in handle["actors"]:
            with suppress(ValueError, ray.exceptions.RayError):
                actor = ray.get_actor(name, namespace=_NAMESPACE)
                with suppress(ray.exceptions.GetTimeoutError):
                    ray.get(actor.stop.remote(), timeout=60)
                ray.kill(actor)

    def describe(self, command: Sequence[str], n: int) -> str:
        """The command, and where it would be executed."""
        return f"{n} actors of the Ray cluster '{self.config.address}', each: {shlex.join(command)}"


def _statuses(handle: Handle) -> list[str]:
    """What each actor answers; empty where it does not, as one that waits for room."""
    ray = _connected(handle["address"])
    statuses, patience = [], 5.0
    for name in handle["actors"]:
        try:
            actor = ray.get_actor(name, namespace=_NAMESPACE)
            statuses.append(ray.get(actor.status.remote(), timeout=patience))
        except ray.exceptions.GetTimeoutError:
            statuses.append("")
            patience = 0.1  # The others most likely wait for room, too.
        except (ValueError, ray.exceptions.RayError):
            statuses.append("its actor is gone")
    return statuses


def _connected(address: str) -> Any:
    import ray

    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except ConnectionError as error:
            raise CltkError(f"There is no Ray cluster at '{address}'.", "Start one: ray start --head") from error
    return ray
