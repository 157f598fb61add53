"""Benchmarks run to their end, as small as they can be: their figures are for a machine that does nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import torch

from cltk.registry import installed

FOLDER = Path(__file__).parent / "benchmarks"


def _run(file: str, *options: object, cwd: Path | None = None, **variables: str) -> CompletedProcess[str]:
    command = [sys.executable, FOLDER / f"{file}.py", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=os.environ | variables)


@pytest.mark.slow
def test_the_program_for_a_gpu_runs_without_one(tmp_path: Path) -> None:
    out = tmp_path / "gpu.json"
    done = _run("gpu", "--device", "cpu", "--small", "--out", out, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    results = json.loads(out.read_text())
    assert set(results) == {"machine", "captured", "networks", "genovese-2024", "at-once", "faults"}
    assert not results["faults"]
    kinds = ("classifier", "generator", "strategy")
    assert list(results["networks"]) == [f"{kind} {each.qualified}" for kind in kinds for each in installed(kind)]
    assert list(results["at-once"]) == ["1", "2", "2 together"]


@pytest.mark.slow
def test_the_program_for_a_gpu_says_what_failed(tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[cltk.generators]\nlost = nowhere:Lost\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    options = ("--device", "cpu", "--small", "--parts", "networks")
    done = _run("gpu", *options, cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 1, done.stderr
    (fault,) = json.loads((tmp_path / "gpu.json").read_text())["faults"]
    assert fault.startswith("networks, generator broken:lost: PluginError: ")
    assert fault in done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is here")
def test_the_program_for_a_gpu_says_that_there_is_none() -> None:
    done = _run("gpu")
    assert done.returncode == 2
    assert "There is no usable CUDA device." in done.stderr
    assert "Traceback" not in done.stderr


NO_DATA = {"CLTK_DATA_DIR": "nowhere", "CLTK_OFFLINE": "1"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["peers"], "Name the folder that holds MNIST/raw by CLTK_DATA_DIR"),
        (["peers", "--gmvandeven", "nowhere"], "'nowhere' is no checkout of GMvandeVen/continual-learning"),
        (["peers", "--threads", "0"], "a whole number from 1 up was expected, not '0'"),
        (["run"], "name the folder that holds 'MNIST/raw' with --data-dir or CLTK_DATA_DIR"),
        (["run", "nowhere.toml"], "nowhere.toml"),
        (["recording", "nowhere.toml"], "nowhere.toml"),
        (["workers"], "Name the folder that holds MNIST/raw by CLTK_DATA_DIR"),
        (["workers", "--cells", "3"], "--cells 4 instead of 3"),
        (["precision", "--seeds", "1"], "--seeds 2 or more"),
        (["step", "--threads", "none"], "a whole number from 1 up was expected, not 'none'"),
        (["cells", "--seconds", "0"], "give a larger number"),
        (["claims", "--study-db", "nothing://here"], "nothing://here"),
    ],
    ids=" ".join,
)
def test_a_wrong_argument_or_missing_data_is_said(command: list[str], told: str) -> None:
    done = _run(*command, **NO_DATA)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_unknown_benchmark_is_refused() -> None:
    done = _run("all", "stpe")
    assert done.returncode == 2
    assert "there is no benchmark stpe" in done.stderr


def test_the_table_says_why_something_is_not_run(tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.md"
    done = _run("all", "run", "peers", "--gmvandeven", "checkout", "--out", out, **NO_DATA)
    assert done.returncode == 0, done.stderr
    options = ("run.py", "peers.py", "peers.py --gmvandeven checkout")
    for row, file in zip(out.read_text().splitlines()[-3:], options, strict=True):
        assert row.startswith(f"| `python tests/benchmarks/{file}` |  | not run: The files of MNIST are not here."), row


def test_the_table_says_what_failed(tmp_path: Path) -> None:
    out, raw = tmp_path / "benchmarks.md", tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte").write_bytes(b"cut")
    done = _run("all", "run", "--out", out, CLTK_DATA_DIR=str(tmp_path), CLTK_OFFLINE="1")
    assert done.returncode == 1
    assert "Failed: python tests/benchmarks/run.py" in done.stderr
    assert "failed: " in out.read_text()


@pytest.mark.slow
def test_all_benchmarks_make_one_table(tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.md"
    done = _run("all", "start", "--out", out)
    assert done.returncode == 0, done.stderr
    assert "| `python tests/benchmarks/start.py` |" in out.read_text()
    assert "failed" not in out.read_text()
