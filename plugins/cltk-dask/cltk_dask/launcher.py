"""The launcher ``dask``: workers as tasks of a Dask scheduler."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Sequence
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
        stop, names = f"cltk-{uuid.uuid4().hex}", []
        with self._client() as client:
            from distributed import Variable, fire_and_forget

            Variable(stop, client=client).set(False)
            for number in range(n):
                future = client.submit(run_command, list(command), stop, key=f"{stop}-{number}", pure=False, retries=0)
                client.publish_dataset(future, name=future.key)
                fire_and_forget(future)
                names.append(future.key)
        return {"stop": stop, "tasks": names}

    def alive(self, handle: Handle) -> int:
        """The tasks that have not ended."""
        with self._client() as client:
            return sum(future.status not in _ENDED for future in _futures(client, handle))

    def reason(self, handle: Handle) -> str | None:
        """The last line of the first task that failed."""
        with self._client() as client:
            for future in _futures(client, handle):
                if future.status in ("error", "lost"):
                    return str(future.exception() if future.status == "error" else "its Dask worker is gone")
        return None

    def stop(self, handle: Handle) -> None:
        """Has the tasks terminate their processes, and forgets them."""
        with self._client() as client:
            from distributed import Variable

            Variable(handle["stop"], client=client).set(True)
            _futures(client, handle, patience=60)
            for name in handle["tasks"]:
                client.unpublish_dataset(name)

    def describe(self, command: Sequence[str], n: int) -> str:
        """The command, and where it would be executed."""
        where = self.config.scheduler or "that Dask is set to"
        return f"{n} tasks of the Dask scheduler {where}, each: {shlex.join(command)}"

    def _client(self) -> Client:
        import dask
        from distributed import Client

        address = self.config.scheduler or dask.config.get("scheduler-address", None)
        advice = "Give the address of one: --launcher.dask.scheduler tcp://host:8786"
        if address is None:
            raise CltkError("No Dask scheduler is named.", advice)
        try:
            return Client(address, timeout=30, set_as_default=False)
        except OSError as error:
            raise CltkError(f"No Dask scheduler answers at {address}.", advice) from error


def _futures(client: Client, handle: Handle, patience: float = 1.0) -> list[Future]:
    """The tasks, with what is known of them once all have ended, or after some seconds."""
    from distributed import wait

    futures = [client.get_dataset(name, default=None) for name in handle["tasks"]]
    known = [future for future in futures if future is not None]
    with client.as_current(), suppress(TimeoutError):
        wait(known, timeout=patience)
    return known
