"""Every benchmark that fits this machine, as one table: ``python tests/benchmarks/all.py [--out FILE] [NAME ...]``.

One after the other, as they compare times. The table is written anew after each, and has the machine above it; of what
does not fit it says why. The comparison with Avalanche, which installs that, is run when ``peers`` is named, and that
with GMvandeVen/continual-learning when ``--gmvandeven FOLDER`` names a checkout. The exit status is 1 if one failed.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from arguments import NO_MNIST, folder_with_mnist

from cltk import __version__
from cltk.machine import usable_cores

FOLDER = Path(__file__).parent
NAMES = ("start", "step", "scale", "recording", "workers", "cells", "claims", "run", "precision", "gpu", "peers")
"""All that can be named."""


@dataclass(frozen=True)
class Benchmark:
    """A program of this folder with its options, and what it lacks here; nothing where it fits."""

    file: str
    options: Sequence[str] = ()
    lacks: str = ""

    @property
    def command(self) -> str:
        """What to type for it alone."""
        return " ".join(("python", f"tests/benchmarks/{self.file}.py", *self.options))


@dataclass(frozen=True)
class Outcome:
    """What became of a benchmark: what it said, or why it failed or was not run."""

    benchmark: Benchmark
    said: str
    seconds: float | None = None
    failed: bool = False

    @property
    def row(self) -> str:
        """Its row of the table."""
        seconds = "" if self.seconds is None else f"{self.seconds:.0f}"
        lines = "<br>".join(line.strip().replace("|", "\\|") for line in self.said.splitlines() if line.strip())
        return f"| `{self.benchmark.command}` | {seconds} | {lines} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(sorted(NAMES))}")
    parser.add_argument("--gmvandeven", metavar="FOLDER", help="a checkout of GMvandeVen/continual-learning")
    parser.add_argument("--out", type=Path, default=Path("benchmarks.md"))
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    outcomes: list[Outcome] = []
    for benchmark in _benchmarks(arguments.names, arguments.gmvandeven):
        outcomes.append(_carry_out(benchmark))
        arguments.out.write_text(_table(outcomes))
        print(outcomes[-1].row, flush=True)
    print(f"Written to {arguments.out}.")
    if failed := [outcome.benchmark.command for outcome in outcomes if outcome.failed]:
        sys.exit(f"Failed: {', '.join(failed)}")


def _benchmarks(names: Sequence[str], checkout: str | None) -> list[Benchmark]:
    """Those that are named, or all, each with what it lacks here."""
    mnist = "" if folder_with_mnist() else NO_MNIST
    cores = "" if usable_cores() > 1 else "This machine has one core for it, and it compares two."
    studies = "" if find_spec("cltk_studies") else "cltk-studies is not installed."
    gpu = "" if torch.cuda.is_available() else "There is no GPU."
    named = "" if "peers" in names else "It installs Avalanche from the package index, and is run when it is named."
    compared = "" if checkout else "No checkout of GMvandeVen/continual-learning is named."
    every = (
        Benchmark("start"),
        Benchmark("step"),
        Benchmark("step", ("--threads", "2"), cores),
        Benchmark("scale"),
        Benchmark("recording", lacks=mnist),
        Benchmark("workers", lacks=studies or mnist or cores),
        Benchmark("cells", ("--cells", "100"), studies or cores),
        Benchmark("claims", lacks=studies),
        Benchmark("run", lacks=mnist),
        Benchmark("precision", lacks=studies),
        Benchmark("gpu", lacks=gpu or mnist),
        Benchmark("peers", lacks=named or mnist),
        Benchmark("peers", ("--gmvandeven", checkout or "FOLDER"), compared or mnist),
    )
    return [benchmark for benchmark in every if not names or benchmark.file in names]


def _carry_out(benchmark: Benchmark) -> Outcome:
    if benchmark.lacks:
        return Outcome(benchmark, f"not run: {benchmark.lacks}")
    started = time.perf_counter()
    command = [sys.executable, str(FOLDER / f"{benchmark.file}.py"), *benchmark.options]
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode == 0:
        return Outcome(benchmark, done.stdout, seconds)
    reason = done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}"
    return Outcome(benchmark, f"{done.stdout}\nfailed: {reason}", seconds, failed=True)


def _table(outcomes: Sequence[Outcome]) -> str:
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    machine = f"cltk-core {__version__}, PyTorch {torch.__version__}, Python {platform.python_version()}, "
    machine += f"{platform.machine()} with {torch.backends.cpu.get_cpu_capability()}, {usable_cores()} cores, {gpu}"
    rows = (outcome.row for outcome in outcomes)
    return "\n".join([machine, "", "| command | seconds | what it says |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
