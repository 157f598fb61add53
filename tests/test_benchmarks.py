"""Benchmarks run to their end, as small as they can be: their figures are for a machine that does nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "benchmarks"


@pytest.mark.slow
def test_the_program_for_a_gpu_runs_without_one(tmp_path: Path) -> None:
    out = tmp_path / "gpu.json"
    command = [sys.executable, FOLDER / "gpu.py", "--device", "cpu", "--small", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    results = json.loads(out.read_text())
    assert set(results) == {"machine", "captured", "networks", "genovese-2024", "at once"}
    assert not [name for name, result in results["networks"]["result"].items() if "Error" in str(result)]
    assert {run["status"] for run in results["genovese-2024"]["result"].values()} == {"finished"}


def test_an_unknown_benchmark_is_refused() -> None:
    done = subprocess.run([sys.executable, FOLDER / "all.py", "stpe"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "there is no benchmark stpe" in done.stderr


@pytest.mark.slow
def test_all_benchmarks_make_one_table(tmp_path: Path) -> None:
    out = tmp_path / "benchmarks.md"
    done = subprocess.run([sys.executable, FOLDER / "all.py", "start", "--out", out], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "| `python tests/benchmarks/start.py` |" in out.read_text()
    assert "failed" not in out.read_text()
