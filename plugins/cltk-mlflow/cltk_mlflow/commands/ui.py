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

from cltk.cli.complete_runs import names
from cltk.cli.options import RUNS, Store
from cltk.errors import ConfigError, StoreError, closest

if TYPE_CHECKING:
    from cltk_mlflow.server import TrackingServer

__all__ = ["ui"]

_LOG = "mlflow-ui.log"
_RUNS = "workflowType=machine_learning"
_PAGES = 10
"""Experiments whose pages are printed."""
_VIEW = "cltk"
_COLUMNS = ("final-average-accuracy", "chaudhry-forgetting", "seconds/total", "bytes/total")


def ui(
    name: Annotated[
        str | None,
        typer.Argument(help="What to open; by default, what was worked on last.", autocompletion=names),
    ] = None,
    store: Store = RUNS,
    host: Annotated[str, typer.Option(help="Address to listen on; any but the default lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is a desktop.")] = True,
) -> None:
    """Open the MLflow UI over the recorded runs. Ctrl-C ends it.

    It opens the runs of an experiment, the best first; of a study, its cells. The pages of others are printed.
    What MLflow's server says is written to mlflow-ui.log in --store.
    """
    from cltk.cli.browser import open_in_browser
    from cltk.cli.console import show_notice
    from cltk_mlflow.server import open_server

    _check_port(host, port)
    opened = open_server(store)
    pages = _pages(opened, name)
    if opened.artifacts is None:
        show_notice(f"The runs are on a server of their own: open {opened.name}/{pages[0][1]}")
        return
    if host not in ("127.0.0.1", "localhost", "::1"):
        show_notice(f"Listening on {host}: whoever reaches this machine can read, change and delete the runs.")
    show_notice("MLflow is starting, which takes some seconds; Ctrl-C ends it.")
    (_, page), *others = [(each, f"http://{host}:{port}/{address}") for each, address in pages]
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
                lines = [page, *(["Others:"] if others else []), *(f"  {each}  {address}" for each, address in others)]
                print("\n".join(lines), file=sys.stderr, flush=True)
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


def _pages(opened: TrackingServer, name: str | None = None) -> list[tuple[str, str]]:
    """Experiments, by name, with their pages: first the one to open, then those that were worked on last.

    Without the parameter MLflow 3 opens on its pages for language models, which hide the runs; so it does where an
    experiment is chosen in its own list.

    Raises:
        ConfigError: There is no experiment of that name.
    """
    with opened.reported():
        found = opened.client.search_experiments(order_by=["last_update_time DESC"])
        experiments = {each.name: each.experiment_id for each in found if each.name != "Default"}
        if name is not None and name not in experiments:
            raise ConfigError(f"MLflow has no experiment '{name}'.", closest(name, experiments))
        names = sorted(experiments, key=lambda each: each != name)[:_PAGES]
        return [(each, _page(opened, experiments[each])) for each in names] or [("", f"#/experiments?{_RUNS}")]


def _page(opened: TrackingServer, experiment_id: str) -> str:
    view = _view(opened.client, experiment_id) if opened.artifacts is not None else ""
    return f"#/experiments/{experiment_id}/runs?{_RUNS}{view}"


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
