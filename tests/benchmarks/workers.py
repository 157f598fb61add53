"""Two runs side by side against one: ``python tests/benchmarks/workers.py``.

Processes of one thread each train the same short runs on the digits; what counts is runs an hour, in turn in one call.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path

from cltk.api import Experiment, Machine, load
from cltk.build import prepare
from cltk.sinks.session import execute

ROUNDS = 3
RUNS = 2
"""Runs of each worker."""


def _experiment() -> Experiment:
    return load(scenario="split-digits", strategy__generator__min_steps=200, strategy__classifier__min_steps=200)


def _work(store: Path, worker: int, started: object) -> None:
    bench = prepare(_experiment(), Machine(device="cpu", threads=1))
    started.wait()  # type: ignore[attr-defined]
    for run in range(RUNS):
        execute(bench, 100 * worker + run, store)


def _rate(workers: int) -> float:
    """Runs an hour, imports and data aside."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as store:
        barrier = context.Barrier(workers + 1)
        processes = [context.Process(target=_work, args=(Path(store), worker, barrier)) for worker in range(workers)]
        for process in processes:
            process.start()
        barrier.wait()
        started = time.perf_counter()
        for process in processes:
            process.join()
        return 3600 * workers * RUNS / (time.perf_counter() - started)


def main() -> None:
    rates = [(_rate(1), _rate(2)) for _ in range(ROUNDS)]
    one, two = (statistics.median(rate[index] for rate in rates) for index in (0, 1))
    print(f"one worker {one:.0f} runs an hour, two {two:.0f}: {two / one:.2f} times as many")


if __name__ == "__main__":
    main()
