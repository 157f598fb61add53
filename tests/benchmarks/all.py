"""Every benchmark that fits this machine, as one table: ``python tests/benchmarks/all.py [--out FILE] [NAME ...]``.

One after the other, as they compare times. What needs MNIST is left out where CLTK_DATA_DIR does not name it, what
needs a GPU where there is none; the comparison with Avalanche, which installs that, is run when it is named. The table
is written anew after each, and has the machine above it.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from cltk import __version__
from cltk.machine import usable_cores

FOLDER = Path(__file__).parent


def always() -> bool:
    """Fits every machine."""
    return True


def has_mnist() -> bool:
    """Whether Split MNIST is where ``CLTK_DATA_DIR`` says."""
    return Path(os.environ.get("CLTK_DATA_DIR", "nowhere"), "MNIST").is_dir()


def has_two_cores() -> bool:
    """Whether two workers have a core each."""
    return has_mnist() and usable_cores() > 1


@dataclass(frozen=True)
class Benchmark:
    """A program of this folder, with its options, and whether it fits the machine."""

    file: str
    options: Sequence[str] = ()
    fits: Callable[[], bool] = always
    by_default: bool = True

    @property
    def command(self) -> str:
        """What to type for it alone."""
        return " ".join(("python", f"tests/benchmarks/{self.file}.py", *self.options))


BENCHMARKS = (
    Benchmark("start"),
    Benchmark("step"),
    Benchmark("step", ("--threads", "2"), lambda: usable_cores() > 1),
    Benchmark("scale"),
    Benchmark("recording", fits=has_mnist),
    Benchmark("workers", fits=has_two_cores),
    Benchmark("run", fits=has_mnist),
    Benchmark("precision"),
    Benchmark("gpu", fits=torch.cuda.is_available),
    Benchmark("peers", fits=has_mnist, by_default=False),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(sorted({b.file for b in BENCHMARKS}))}")
    parser.add_argument("--out", type=Path, default=Path("benchmarks.md"))
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - {benchmark.file for benchmark in BENCHMARKS}:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    rows = []
    for benchmark in BENCHMARKS:
        if benchmark.file not in arguments.names if arguments.names else not benchmark.by_default:
            continue
        rows.append(_row(benchmark))
        arguments.out.write_text(_table(rows))
        print(rows[-1], flush=True)
    print(f"Written to {arguments.out}.")


def _row(benchmark: Benchmark) -> str:
    if not benchmark.fits():
        return f"| `{benchmark.command}` | | does not fit this machine |"
    started = time.perf_counter()
    command = [sys.executable, str(FOLDER / f"{benchmark.file}.py"), *benchmark.options]
    done = subprocess.run(command, capture_output=True, text=True)
    said = done.stdout if done.returncode == 0 else f"failed: {done.stderr.strip().rpartition(chr(10))[2]}"
    lines = "<br>".join(line.strip().replace("|", "\\|") for line in said.splitlines() if line.strip())
    return f"| `{benchmark.command}` | {time.perf_counter() - started:.0f} | {lines} |"


def _table(rows: Sequence[str]) -> str:
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    machine = f"cltk-core {__version__}, PyTorch {torch.__version__}, Python {platform.python_version()}, "
    machine += f"{platform.machine()} with {torch.backends.cpu.get_cpu_capability()}, {usable_cores()} cores, {gpu}"
    return "\n".join([machine, "", "| command | seconds | what it says |", "|---|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
