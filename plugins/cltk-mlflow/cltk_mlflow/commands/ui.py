"""``cltk ui``: browsing recorded runs in MLflow's own interface."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import Annotated

import typer

from cltk.cli.options import RUNS, Store
from cltk.errors import ConfigError, StoreError

__all__ = ["ui"]


def ui(
    store: Store = RUNS,
    host: Annotated[str, typer.Option(help="Address to listen on; any but the default lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
) -> None:
    """Open the MLflow UI over the recorded runs. Ctrl-C ends it."""
    from cltk.cli.console import show_notice
    from cltk_mlflow.store import open_store

    _check_port(host, port)
    opened = open_store(store)
    if host not in ("127.0.0.1", "localhost", "::1"):
        show_notice(f"Listening on {host}: whoever reaches this machine can read, change and delete the runs.")
    # Without the parameter MLflow 3 opens on its pages for language models, which hide the runs.
    address = f"http://{host}:{port}/#/experiments?workflowType=machine_learning"
    show_notice(f"In about 5 seconds MLflow is at {address} ; Ctrl-C ends it.")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", opened.uri, "--workers", "1"]
    command += ["--host", host, "--port", str(port)]
    if opened.artifacts:
        command += ["--default-artifact-root", opened.artifacts]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with subprocess.Popen(command, env=environment, start_new_session=True) as server:  # noqa: S603 - the command is ours
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.wait()
        except KeyboardInterrupt:
            os.killpg(server.pid, signal.SIGTERM)
            return
    _check_port(host, port)  # Another program may have taken it in the meantime.
    raise StoreError("MLflow's server has ended by itself.", "What it says is above.")


def _check_port(host: str, port: int) -> None:
    """Refuses a port that is in use, naming a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe, socket.socket(family) as other:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            other.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
            free = other.getsockname()[1]
            raise ConfigError(
                f"Cannot listen on {host}:{port}: {error.strerror}.", f"Port {free} is free: cltk ui --port {free}"
            ) from error
