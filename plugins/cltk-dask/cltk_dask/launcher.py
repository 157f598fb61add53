"""The launcher ``dask``: workers as tasks of a Dask scheduler."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from pydantic import Field

from cltk.config import Settings
from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher
from cltk_dask.task import run_command

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Dask"]

_ENDED = {"finished", "error", "lost", "cancelled"}


class Dask(Launcher):
    """Has the workers of a Dask cluster work on a study, each task as a process of its own.

    Any scheduler does, such as those that dask-jobqueue starts on PBS, LSF or SGE. All its workers have to share the
    folder of the study, and to have cltk installed.
    """

    class Config(Settings):
        """Where the cluster is."""

        scheduler: str | None = Field(
            None,
            description="The scheduler, such as tcp://10.0.0.1:8786; None for what DASK_SCHEDULER_ADDRESS says.",
        )

    config: Config

    def start(self, command: Sequence[str], n: int) -> Handle:
        """Submits the tasks, which stay at work without this process.

        Raises:
            CltkError: No scheduler answers.
        """
        import dask
        from distributed import Variable, fire_and_forget

        address, name = self.config.scheduler or dask.config.get("scheduler-address", None), f"cltk-{uuid.uuid4().hex}"
        with _connected(address) as client:
            Variable(name, client=client).set(False)  # Whether to stop.
            keys = [f"{name}-{number}" for number in range(n)]
            tasks = client.map(run_command, [list(command)] * n, [name] * n, range(n), key=keys, pure=False, retries=0)
            client.publish_dataset(tasks, name=name)
            fire_and_forget(tasks)
        return {"scheduler": address, "tasks": name}

    def alive(self, handle: Handle) -> int:
        """The tasks that have not ended."""
        with _connected(handle["scheduler"]) as client:
            return sum(task.status not in _ENDED for task in _tasks(client, handle))

    def ended(self, handle: Handle) -> Mapping[str, str]:
        """The last lines of the tasks that failed."""
        with _connected(handle["scheduler"]) as client:
            tasks = enumerate(_tasks(client, handle))
            return {str(number): str(task.exception()) for number, task in tasks if task.status == "error"}

    def stop(self, handle: Handle) -> None:
        """Has the tasks terminate their processes, and forgets them."""
        with _connected(handle["scheduler"]) as client:
            from distributed import Variable

            Variable(handle["tasks"], client=client).set(True)
            _tasks(client, handle, patience=60)
            client.unpublish_dataset(handle["tasks"])

    def describe(self, command: Sequence[str], n: int) -> str:
        """The command, and where it would be executed."""
        where = self.config.scheduler or "that Dask is set to"
        return f"{n} tasks of the Dask scheduler {where}, each: {shlex.join(command)}"


def _connected(address: str | None) -> Client:
    from distributed import Client

    advice = "Give the address of one: --launcher.dask.scheduler tcp://host:8786"
    if address is None:
        raise CltkError("No Dask scheduler is named.", advice)
    try:
        return Client(address, set_as_default=False)
    except OSError as error:
        raise CltkError(f"No Dask scheduler answers at {address}.", advice) from error


def _tasks(client: Client, handle: Handle, patience: float = 1.0) -> list[Future]:
    """The tasks, with what is known of them once all have ended, or after some seconds."""
    from distributed import wait

    tasks: list[Future] = client.get_dataset(handle["tasks"], default=[])
    with client.as_current(), suppress(TimeoutError):
        wait(tasks, timeout=patience)
    return tasks
