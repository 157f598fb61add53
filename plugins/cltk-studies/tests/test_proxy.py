"""Workers behind Optuna's gRPC proxy."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cltk_studies.questions.items import Item
from cltk_studies.work.database import open_database
from cltk_studies.work.queue import Queue

SERVE = """
import sys, warnings
warnings.simplefilter("ignore")
import optuna
from cltk_studies.work.database import open_database
optuna.storages.run_grpc_proxy_server(open_database(sys.argv[1]).backend, host="127.0.0.1", port=int(sys.argv[2]))
"""


@pytest.fixture
def proxy(store: Path) -> Iterator[str]:
    """A proxy before the store's own storage, which has an empty study."""
    pytest.importorskip("grpc")
    Queue(open_database(store), "study", ["maximize"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen([sys.executable, "-c", SERVE, str(store), str(port)]) as server:
        yield f"grpc://127.0.0.1:{port}"
        server.kill()


def test_a_worker_takes_what_waits(proxy: str, store: Path) -> None:
    Queue(open_database(store), "study").submit([Item("a"), Item("b")])
    queue = Queue(open_database(proxy), "study")
    for key in ("a", "b"):
        lease = queue.claim()
        assert lease is not None
        assert lease.trial.user_attrs["key"] == key
        with lease.kept():
            lease.finish([1.0])
    assert queue.claim() is None
    assert not queue.under_way()


def test_a_study_is_worked_on_through_it(
    write: Callable[..., Path], cli: Callable[..., Any], proxy: str, store: Path
) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n')
    done = cli("ablate", file, "--store", store, "--study-db", proxy, "--json")
    assert done.status == 0, done.err
    assert done.json["finished"] == 4
