"""Folders from elsewhere, with one field, array or file that somebody meant badly: each costs only itself."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commandline import Done, run_cli

STUDY = """
name = "small"
seeds = [0, 1]
scenario = { name = "split-digits", per_class = 20 }
schedule = { name = "fixed", samples = 20 }
generator = "gaussian-mixture"

[strategy]
name = "generative-replay"
classifier = { epochs = 1, min_steps = 0 }

[ablate.axes]
"strategy.classifier.lr" = [0.001, 0.01]
"""
Change = Callable[[Path], object]
"""What spoils the folder of a run."""
VALUES: tuple[Any, ...] = (
    None, "", "../../../../escaped", "/escaped", "x" * 400, "a\0b", "\ud800", -1, 1e308, 10**400, True, [], {}, [[[]]],
    {"": 1e308}, {"../../escaped": 1.0},
)  # fmt: skip
"""What stands in place of a field."""
ALLOWED = 300 * 2**20
"""Bytes that a command may need more than on good folders."""
HOSTILE = 300
COPIES = 10
"""Of a good run: what a command needs does not depend on their number."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store of a small study, which no tracker has seen."""
    folder = tmp_path_factory.mktemp("good")
    (folder / "small.toml").write_text(STUDY)
    done = run_cli("ablate", folder / "small.toml", "--store", folder / "runs", "--sink", "none")
    assert done.status == 0, done.err
    return folder


@pytest.fixture(scope="module")
def plain(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same among copies of its runs, of other seeds."""
    folder = _store_beside(good, tmp_path_factory.mktemp("plain"))
    for number in range(COPIES):
        copy = _copy(_run(good), folder / "runs" / f"copy-{number}")
        _write(copy, _entries(copy) | {"seed": 100 + number})
    return folder


@pytest.fixture(scope="module")
def hostile(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same among hostile folders."""
    return _spoil(good, tmp_path_factory.mktemp("hostile"), range(HOSTILE))


@pytest.fixture(scope="module")
def fewer(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all hostile files and arrays, and some of the hostile fields: an upload takes a second."""
    apart = len([*_of_arrays(), *_of_files()])
    return _spoil(good, tmp_path_factory.mktemp("fewer"), {*range(apart), *range(0, HOSTILE, 10)})


@pytest.mark.slow
def test_what_is_good_is_reported_and_repeated_all_the_same(good: Path, plain: Path, hostile: Path) -> None:
    report = _compare(plain, hostile, "report", "small", "--json")
    assert json.loads(report.out) == json.loads(run_cli("report", "small", "--store", good / "runs", "--json").out)
    ablation = _compare(plain, hostile, "ablate", "small.toml", "--sink", "none", "--json")
    assert json.loads(ablation.out)["finished"] == 4
    repeated = _compare(plain, hostile, "run", "--from-run", _run(good).name, "--json")
    assert json.loads(repeated.out)["identical"]


@pytest.mark.slow
def test_what_is_good_is_uploaded_all_the_same(good: Path, plain: Path, fewer: Path) -> None:
    _compare(plain, fewer, "sync")
    assert all((fewer / "runs" / path.name / "mlflow.json").exists() for path in good.glob("runs/small-*"))


@pytest.mark.slow
def test_no_hostile_run_is_repeated_outside_the_store(hostile: Path) -> None:
    around = _around(hostile)
    for number in range(0, HOSTILE, 10):
        done = run_cli("run", "--from-run", f"hostile-{number:03}", "--store", hostile / "runs", "--json")
        assert done.status in (0, 1, 2), done.err
        assert "failed where it should not have" not in done.err, done.err
    assert _around(hostile) == around


def _compare(plain: Path, hostile: Path, *arguments: str) -> Done:
    """What a command does among hostile folders, in no more memory than among good ones, and nothing elsewhere."""
    around = _around(hostile)
    known, served = _measure(plain, *arguments), _measure(hostile, *arguments)
    assert known.done.status == 0, known.done.err
    assert served.done.status in (0, 1), served.done.err
    assert "failed where it should not have" not in served.done.err, served.done.err
    assert served.peak < known.peak + ALLOWED
    assert _around(hostile) == around
    return served.done


def _changes(run: Path) -> Iterator[Change]:
    """Ways to spoil a copy of a run: every field by every value, then arrays, then files."""
    yield from (*_of_arrays(), *_of_files())
    fields = list(_fields(_entries(run)))
    for number in range(len(fields) * len(VALUES)):  # All fields come up before a value is used up.
        path, value = fields[number % len(fields)], VALUES[(number + number // len(fields)) % len(VALUES)]
        yield partial(_set_field, path=path, value=value)


def _set_field(run: Path, path: tuple[str | int, ...], value: Any) -> None:
    entries = _entries(run)
    inner: Any = entries
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    _write(run, entries)


def _fields(entries: dict[str, Any]) -> Iterator[tuple[str | int, ...]]:
    """The paths of a record's fields, and of those within the first element of each."""
    for name, value in entries.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, key) for key in list(value)[:4])
        elif isinstance(value, list) and value:
            yield (name, 0)
            if isinstance(value[0], dict):
                yield from ((name, 0, key) for key in value[0])


def _of_arrays() -> Iterator[Change]:
    """Samples that are too large, of a wrong shape or kind, or no array at all."""
    for images, labels in (
        (np.zeros((3, 3), np.uint8), np.zeros(3, np.int64)),
        (np.zeros((9, 1, 8, 8), np.uint8), np.zeros(3, np.int64)),
        (np.array(["a", "b"]), np.zeros(2, np.int64)),
        (np.zeros((2, 1, 8, 8), np.float64) + np.nan, np.array([7, 10**12])),
        (np.zeros((0, 1, 8, 8), np.uint8), np.zeros(0, np.int64)),
    ):
        yield partial(_set_arrays, images_0=images, labels_0=labels)
        yield partial(_set_arrays, images_7=images, labels_0=labels)
    yield lambda run: (run / "replay.npz").write_bytes(_zip({"images_0.npy": _header((10**6, 10**6))}))
    yield lambda run: (run / "replay.npz").write_bytes(_zip({"images_0.npy": _header((1,)) + bytes(2**29)}))
    yield lambda run: (run / "replay.npz").write_bytes(b"PK\x03\x04")


def _of_files() -> Iterator[Change]:
    """Files that are none, that never end, that lead elsewhere or nest without end."""
    for name in ("record.json", "mlflow.json", "experiment.toml", "weights.safetensors", "replay.npz"):
        yield partial(_replace, name=name, make=Path.mkdir)
        yield partial(_replace, name=name, make=os.mkfifo)
        yield partial(_replace, name=name, make=lambda path: path.symlink_to("/dev/zero"))
        yield partial(_replace, name=name, make=lambda path: path.symlink_to("../../../escaped"))
        yield partial(_replace, name=name, make=lambda path: path.write_bytes(b"[" * 100_000))
        yield partial(_replace, name=name, make=lambda path: path.write_bytes(bytes(range(256))))
        yield partial(_replace, name=name, make=_make_sparse)


def _replace(run: Path, name: str, make: Callable[[Path], object]) -> None:
    (run / name).unlink(missing_ok=True)
    make(run / name)


def _make_sparse(path: Path) -> None:
    """A file of 4 GB that takes no room."""
    with path.open("wb") as file:
        file.truncate(2**32)


def _set_arrays(run: Path, **arrays: Any) -> None:
    with (run / "replay.npz").open("wb") as file:
        np.savez(file, **arrays)


def _zip(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def _header(shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return content.getvalue()


def _spoil(good: Path, folder: Path, numbers: Container[int]) -> Path:
    """A copy of a folder with a store, in a new one, and in it the hostile runs of these numbers.

    Each is made where it lies: in copies of them, sparse files would take the room that they speak of.
    """
    _store_beside(good, folder)
    for number, change in enumerate(islice(_changes(_run(good)), HOSTILE)):
        if number in numbers:
            change(_copy(_run(good), folder / "runs" / f"hostile-{number:03}"))
    return folder


def _store_beside(store: Path, folder: Path) -> Path:
    """A copy of a folder with a store, in a new one."""
    return Path(shutil.copytree(store, folder, dirs_exist_ok=True))


def _run(folder: Path) -> Path:
    """The first run of the study in a folder."""
    return min((folder / "runs").glob("small-*-seed0"))


def _copy(run: Path, folder: Path) -> Path:
    shutil.copytree(run, folder)
    _write(folder, _entries(folder) | {"run_id": folder.name, "seed": 1_000})
    return folder


def _entries(run: Path) -> dict[str, Any]:
    entries: dict[str, Any] = json.loads((run / "record.json").read_text())
    del entries["sha256"]
    return entries


def _write(run: Path, entries: dict[str, Any]) -> None:
    """Writes a record as anybody can, its checksum valid."""
    text = json.dumps(entries)[:-1] + ', "sha256": '
    digest = hashlib.sha256(text.encode()).hexdigest()
    (run / "record.json").write_text(f'{text}"{digest}"\n}}\n')


@dataclass(frozen=True)
class _Measured:
    done: Done
    peak: int


_MEASURED = """
import resource, subprocess, sys
resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))  # What is wrong here must not take the machine with it.
status = subprocess.run([sys.executable, "-m", "cltk", *sys.argv[1:]]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, file=sys.stderr)
sys.exit(status)
"""


def _measure(folder: Path, *arguments: str) -> _Measured:
    """Runs a command in a folder, in a process of its own; ``peak`` is the most memory of it or a child, in bytes."""
    command = [sys.executable, "-c", _MEASURED, *arguments, "--store", str(folder / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300)
    *said, peak = done.stderr.splitlines()
    return _Measured(Done(done.returncode, done.stdout, "\n".join(said)), int(peak))


def _around(folder: Path) -> set[str]:
    """What lies around a store, and around the folder that it is in."""
    return {path.name for path in (*folder.iterdir(), *folder.parent.iterdir())}
