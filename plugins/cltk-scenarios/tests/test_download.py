from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cltk.errors import DataError, DataUnavailableError
from cltk_scenarios import download as module

Contents = Callable[[Path], dict[str, tuple[int, bytes]]]


class Mirror(SimpleHTTPRequestHandler):
    """Serves a folder, counts what is asked of it, and can lose the end of every file."""

    asked: list[str]
    torn = False

    def log_message(self, *args: object) -> None:
        type(self).asked.append(self.path)

    def copyfile(self, source: Any, outputfile: Any) -> None:
        content = source.read()
        outputfile.write(content[:-5] if type(self).torn else content)


@pytest.fixture
def mirror(small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Mirror]]:
    """A local server that stands in for torchvision's mirrors of MNIST, after one that is down."""
    handler = type("Handler", (Mirror,), {"asked": [], "torn": False})
    served = small.write(tmp_path / "served") / "MNIST" / "raw"
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    mirrors(monkeypatch, [f"http://127.0.0.1:{closed_port()}/", url])
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def mirrors(monkeypatch: pytest.MonkeyPatch, urls: list[str]) -> None:
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", urls)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("CLTK_OFFLINE", raising=False)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_what_is_missing_is_downloaded_into_the_last_folder_quietly(
    small: Any, tmp_path: Path, mirror: type[Mirror], contents: Contents, capfd: pytest.CaptureFixture[str]
) -> None:
    first, last = tmp_path / "first", tmp_path / "last"
    train, _ = small.archive.load([first, last])
    assert len(train.labels) == 30
    assert not first.exists()
    found = {Path(path).name: content for path, (_, content) in contents(last).items()}
    assert found == {f"{getattr(small, name)}.gz": content for name, content in small.packed.items()}
    assert capfd.readouterr() == ("", "")


def test_only_what_is_missing_or_broken_is_fetched(small: Any, tmp_path: Path, mirror: type[Mirror]) -> None:
    folder = small.write(tmp_path / "data")
    small.archive.fetch(folder)
    assert mirror.asked == []
    home = folder / "MNIST" / "raw"
    (home / "train-labels-idx1-ubyte.gz").write_bytes(b"broken")
    small.archive.fetch(folder)
    assert {path.strip("/") for path in mirror.asked} == {"train-labels-idx1-ubyte.gz"}
    assert (home / "train-labels-idx1-ubyte.gz").read_bytes() == small.packed["train_labels"]


def test_unpacked_files_need_no_download(small: Any, tmp_path: Path, mirror: type[Mirror]) -> None:
    small.archive.fetch(small.write(tmp_path / "data", packed=False))
    assert mirror.asked == []


def test_a_torn_download_leaves_nothing_behind(
    small: Any, tmp_path: Path, mirror: type[Mirror], contents: Contents
) -> None:
    mirror.torn = True
    with pytest.raises(DataUnavailableError, match="could not be downloaded"):
        small.archive.load([tmp_path / "cache"])
    assert contents(tmp_path / "cache") == {}


def test_a_folder_that_cannot_be_written_is_named(small: Any, tmp_path: Path, mirror: type[Mirror]) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(DataError, match="Cannot write to") as caught:
        small.archive.fetch(tmp_path / "taken")
    assert not isinstance(caught.value, DataUnavailableError)
    with pytest.raises(DataUnavailableError, match="Cannot write to"):
        small.archive.load([tmp_path / "taken"])


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_read_only_folder_is_named(small: Any, tmp_path: Path, mirror: type[Mirror]) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o555)
    with pytest.raises(DataError, match="Permission denied"):
        small.archive.fetch(folder)


@pytest.mark.parametrize("no", ["0", "False", "off", ""])
def test_offline_nothing_is_asked(
    small: Any, tmp_path: Path, mirror: type[Mirror], monkeypatch: pytest.MonkeyPatch, no: str
) -> None:
    monkeypatch.setenv("CLTK_OFFLINE", "1")
    with pytest.raises(DataUnavailableError, match="CLTK_OFFLINE"):
        small.archive.fetch(tmp_path / "cache")
    assert mirror.asked == []
    monkeypatch.setenv("CLTK_OFFLINE", no)
    small.archive.fetch(tmp_path / "cache")
    assert mirror.asked


def test_no_network_makes_no_folder(small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrors(monkeypatch, [f"http://127.0.0.1:{closed_port()}/"])
    with pytest.raises(DataUnavailableError, match="Connection refused"):
        small.archive.load([tmp_path / "cache"])
    assert not (tmp_path / "cache").exists()


def test_a_mirror_that_says_nothing_is_given_up_soon(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_WITHIN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        mirrors(monkeypatch, [f"http://127.0.0.1:{deaf.getsockname()[1]}/"])
        start = time.perf_counter()
        with pytest.raises(DataUnavailableError):
            small.archive.load([tmp_path / "cache"])
        assert time.perf_counter() - start < 5


def test_the_timeout_of_other_connections_is_left_alone(small: Any, tmp_path: Path, mirror: type[Mirror]) -> None:
    small.archive.fetch(tmp_path / "cache")
    assert socket.getdefaulttimeout() is None
