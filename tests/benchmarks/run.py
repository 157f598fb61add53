"""A whole run beside its matrix products: ``python tests/benchmarks/run.py [FILE] [--threads N] [--device cuda]``.

By default genovese-2024 in full, one seed, with all that is kept of a run. The peak of the processor is measured at the
end of each task, outside the time of the run; on a GPU, only the time is.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
from pathlib import Path

from arguments import count, errors_told
from peak import matrix_peak

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.config import Settings
from cltk.events import Event, TaskEnded
from cltk.interfaces import Sink
from cltk.record import Record
from cltk.runs.runner import execute
from cltk.runs.sinks import Sinks

GENOVESE = Path(__file__).parents[2] / "experiments" / "genovese-2024.toml"


class Peaks(Sink):
    """Measures the peak at the end of each task, and how long that takes."""

    def __init__(self) -> None:
        super().__init__(Settings(), Path())
        self.values: list[float] = []
        self.seconds = 0.0

    def observe(self, event: Event, record: Record) -> None:
        if isinstance(event, TaskEnded):
            started = time.perf_counter()
            self.values.append(matrix_peak())
            self.seconds += time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", default=GENOVESE)
    parser.add_argument("--threads", type=count, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    arguments = parser.parse_args()
    with errors_told(parser):
        prepared = prepare(load(arguments.file), Machine(device=arguments.device, threads=arguments.threads))
    peaks = Peaks()
    with tempfile.TemporaryDirectory() as store:
        started = time.perf_counter()
        record = execute(prepared, 0, Path(store), Sinks({"peaks": peaks} if arguments.device == "cpu" else {}))
        seconds = time.perf_counter() - started - peaks.seconds
    peak, operations = statistics.median(peaks.values or [math.nan]), sum(record.operations)
    trained = record.seconds["classifier"] + record.seconds.get("generator", 0.0)
    where = f"matrix peak {peak / 1e9:.0f} GFLOP/s in float32" if peaks.values else record.device
    print(f"{record.config['name']}, seed 0, {record.threads} threads, {where}")
    print(f"final average accuracy {record.metrics['final-average-accuracy']:.4f}")
    print(f"{seconds:.1f} s, of which {100 * (1 - trained / seconds):.1f} % are not training")
    if peaks.values:
        products = operations / peak
        times = f"{products:.1f} s of products, {seconds / products:.2f} times those"
        print(f"{operations / 1e12:.2f} TFLOP: {times}")


if __name__ == "__main__":
    main()
