"""``cltk ui``: on loopback, gone when it is told to go, and clear where its port is taken."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _wait_until(answers: bool, port: int) -> bool:
    limit = time.monotonic() + 90
    while time.monotonic() < limit and _answers(port) != answers:
        time.sleep(0.2)
    return _answers(port) == answers


@pytest.mark.slow
def test_it_serves_until_it_is_ended(tmp_path: Path) -> None:
    port = _free_port()
    command = [sys.executable, "-m", "cltk", "ui", "--port", str(port), "--store", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ) as server:
        try:
            assert _wait_until(True, port)
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    assert _wait_until(False, port)


def test_a_port_in_use_is_named_with_one_that_is_free(cli: Cli, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cli("ui", "--port", port, "--store", tmp_path)
    assert done.status == 2
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in done.said
    assert "is free: cltk ui --port" in done.said
