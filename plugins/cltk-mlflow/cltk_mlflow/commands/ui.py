"""``cltk ui``: browsing recorded runs in MLflow's own interface."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.options import RUNS, Store
from cltk.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from cltk_mlflow.server import TrackingServer

__all__ = ["ui"]

_LOG = "mlflow-ui.log"
_VIEW = "cltk"
_COLUMNS = (
    "final-average-accuracy", "accuracy/seen_so_far", "chaudhry-forgetting", "seconds/total", "bytes/total",
)  # fmt: skip
"""MLflow sorts them by name: the accuracy on the tasks so far, in the end that on all of them, comes first."""


def ui(
    store: Store = RUNS,
    host: Annotated[str, typer.Option(help="Address to listen on; any but the default lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is a desktop.")] = True,
) -> None:
    """Open the MLflow UI over the recorded runs. Ctrl-C ends it.

    It opens the runs of the experiment that was worked on last, the best first; of a study, its cells.
    What MLflow's server says is written to mlflow-ui.log in --store.
    """
    from cltk.cli.browser import open_in_browser
    from cltk.cli.console import show_notice
    from cltk_mlflow.server import open_server

    _check_port(host, port)
    opened = open_server(store)
    if opened.artifacts is None:
        show_notice(f"The runs are on a server of their own: open {opened.name}/{_page(opened)}")
        return
    if host not in ("127.0.0.1", "localhost", "::1"):
        show_notice(f"Listening on {host}: whoever reaches this machine can read, change and delete the runs.")
    show_notice("MLflow is starting, which takes some seconds; Ctrl-C ends it.")
    page = f"http://{host}:{port}/{_page(opened)}"
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", host, "--port", str(port)]
    options: dict[str, Any] = {"env": os.environ | _variables(opened), "start_new_session": True}
    store.mkdir(parents=True, exist_ok=True)
    with (
        (store / _LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **options) as server,  # noqa: S603
    ):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if _answers(server, host, port):
                # By itself on a line: a terminal makes a link of it.
                print(page, file=sys.stderr, flush=True)
                if browser:
                    open_in_browser(page)
            server.wait()
        except KeyboardInterrupt:
            os.killpg(server.pid, signal.SIGTERM)
            return
    _check_port(host, port)  # Another program may have taken it in the meantime.
    raise StoreError("MLflow's server has ended by itself.", f"What it says is in '{store / _LOG}'.")


def _answers(server: subprocess.Popen[bytes], host: str, port: int) -> bool:
    """Waits until the server answers; False where it ends before."""
    while server.poll() is None:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return True
        time.sleep(0.2)
    return False


def _variables(opened: TrackingServer) -> dict[str, str]:
    """What the server is told by its environment: the command line of a process, passwords included, is public."""
    return {
        "MLFLOW_BACKEND_STORE_URI": opened.uri,
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": opened.artifacts or "",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def _page(opened: TrackingServer) -> str:
    """The page of the experiment that was worked on last.

    Without the parameter MLflow 3 opens on its pages for language models, which hide the runs.
    """
    with opened.reported():
        experiments = opened.client.search_experiments(order_by=["last_update_time DESC"])
        ids = [experiment.experiment_id for experiment in experiments if experiment.name != "Default"]
        view = _view(opened.client, ids[0]) if ids and opened.artifacts is not None else ""
    return f"#/experiments{f'/{ids[0]}/runs' if ids else ''}?workflowType=machine_learning{view}"


def _view(client: Any, experiment_id: str) -> str:
    """Has the page show the cells of a study, else all runs, the best first, and what they are compared by.

    MLflow keeps such a view in a tag of the experiment; without it the page has neither metrics nor cells.
    """
    cells = "tags.kind = 'cell'"
    state = {
        "searchFilter": cells if client.search_runs([experiment_id], cells, max_results=1) else "",
        "orderByKey": "metrics.`final-average-accuracy`",
        "orderByAsc": False,
        "selectedColumns": [f"metrics.`{name}`" for name in _COLUMNS],
    }
    client.set_experiment_tag(experiment_id, f"mlflow.sharedViewState.{_VIEW}", json.dumps(state))
    return f"&viewStateShareKey={_VIEW}"


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
