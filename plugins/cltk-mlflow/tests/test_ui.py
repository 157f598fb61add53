"""``cltk ui``: on loopback, gone when it is told to go, and clear where its port is taken."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commandline import Cli
from tests.servers import free_port, wait_until


@pytest.mark.slow
def test_it_serves_until_it_is_ended(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "cltk", "ui", "--port", str(port), "--store", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ) as server:
        try:
            assert wait_until(True, port)
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    assert wait_until(False, port)


def test_a_port_in_use_is_named_with_one_that_is_free(cli: Cli, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cli("ui", "--port", port, "--store", tmp_path)
    assert done.status == 2
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in done.said
    assert "is free: cltk ui --port" in done.said
