"""Servers on loopback that tests start and stop."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

__all__ = ["Postgres", "TrackingServer", "free_port", "wait_until"]

_PATIENCE = 90.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(answers: bool, port: int) -> bool:
    """Waits until MLflow answers on a port, or no longer does; returns whether it came to that."""
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit and _answers(port) != answers:
        time.sleep(0.2)
    return _answers(port) == answers


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


class TrackingServer:
    """MLflow's own server, over a database and files in ``folder`` that outlive it."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        store = ["--backend-store-uri", f"sqlite:///{self._folder}/server.db"]
        store += ["--artifacts-destination", str(self._folder / "artifacts")]
        address = ["--host", "127.0.0.1", "--port", str(self._port), "--workers", "1"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *store, *address],
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            start_new_session=True,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        if not wait_until(True, self._port):
            self.kill()
            raise TimeoutError(f"MLflow's server does not answer at {self.uri}.")

    def kill(self) -> None:
        """Ends it as suddenly as can be, if it was started."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


class Postgres:
    """A PostgreSQL server of its own, in a folder of its own.

    Raises:
        FileNotFoundError: None is installed.
    """

    def __init__(self) -> None:
        self._initdb, self._pg_ctl = _postgres_program("initdb"), _postgres_program("pg_ctl")
        self._port = free_port()

    @property
    def uri(self) -> str:
        """The server, without a database."""
        return f"postgresql://cltk@127.0.0.1:{self._port}"

    def __enter__(self) -> Postgres:
        """Makes and starts it."""
        self._folder = Path(tempfile.mkdtemp(prefix="cltk-postgres-"))
        self._user = None
        if os.getuid() == 0:  # It refuses to run as root.
            self._user = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
            shutil.chown(self._folder, self._user)
        self._call(self._initdb, "-D", f"{self._folder}/data", "-U", "cltk", "--auth=trust", "--no-sync")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops and removes it."""
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self._port} -c unix_socket_directories= -c fsync=off"
        self._call(
            self._pg_ctl, "-D", f"{self._folder}/data", "-w", "-o", options, "-l", f"{self._folder}/log", "start"
        )

    def stop(self) -> None:
        """Stops it as suddenly as can be."""
        self._call(self._pg_ctl, "-D", f"{self._folder}/data", "-m", "immediate", "stop")

    @contextmanager
    def database(self, name: str = "study") -> Iterator[str]:
        """The URL of an empty database, which is there as long as the block lasts."""
        import psycopg

        with psycopg.connect(f"{self.uri}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        yield f"{self.uri}/{name}"
        with psycopg.connect(f"{self.uri}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _call(self, *command: str) -> None:
        subprocess.run(command, check=True, user=self._user, cwd=self._folder, stdout=subprocess.DEVNULL)


def _postgres_program(name: str) -> str:
    """A program of PostgreSQL, on the path or where Debian puts it."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name) or next((str(path / name) for path in folders if (path / name).exists()), None)
    if found is None:
        raise FileNotFoundError(f"no {name} of PostgreSQL is installed")
    return found
