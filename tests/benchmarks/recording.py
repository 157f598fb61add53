"""What progress and MLflow cost a run: ``python tests/benchmarks/recording.py [FILE]``, by default the main job.

Compared within one run: the seconds that training waited for the sinks and that MLflow's process computed beside it,
against the run's own. The end, when the last of it is written, counts in full.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from arguments import errors_told

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.config import Settings
from cltk.display.progress import Progress
from cltk.interfaces import Sink
from cltk.runs.seeds import run_seeds
from cltk.runs.sinks import Sinks, make_sinks


class Timed(Sink):
    """The default sinks and the progress, with the seconds that training waited for them."""

    def __init__(self, sinks: Sinks, store: Path) -> None:
        super().__init__(Settings(), store)
        self.observe = self._timed(sinks.observe)  # type: ignore[method-assign]
        self.finish = self._timed(sinks.finish)  # type: ignore[method-assign]
        self.begin_group = self._timed(sinks.begin_group)  # type: ignore[method-assign]
        self.finish_group = self._timed(sinks.finish_group)  # type: ignore[method-assign]
        self.close = sinks.close  # type: ignore[method-assign]
        self.seconds = 0.0

    def _timed(self, call: Callable[..., None]) -> Callable[..., None]:
        def timed(*arguments: object) -> None:
            started = time.perf_counter()
            call(*arguments)
            self.seconds += time.perf_counter() - started

        return timed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", nargs="?", help="an experiment; by default the main job")
    arguments = parser.parse_args()
    with errors_told(parser):
        prepared = prepare(load(arguments.file, seeds=0), Machine(device="cpu"))
    with tempfile.TemporaryDirectory() as folder, Progress(1) as progress:
        store = Path(folder)
        timed = Timed(make_sinks(None, {}, store, [progress]), store)
        started = time.perf_counter()
        ending = run_seeds(prepared, store, Sinks({"timed": timed}))
        (record,) = ending.records
        assert not ending.notices
        total = record.seconds["total"]
        waited = time.perf_counter() - started - total
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    beside = used.ru_utime + used.ru_stime
    print(f"final average accuracy {record.metrics['final-average-accuracy']:.4f}, {record.threads} threads")
    print(
        f"run {total:.1f} s; sinks {timed.seconds:.2f} s; MLflow's process {beside:.2f} s of CPU; rest {waited:.2f} s"
    )
    print(f"share {100 * (timed.seconds + max(beside, waited)) / total:.2f} % of the run, on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
