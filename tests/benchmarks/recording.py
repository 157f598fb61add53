"""What progress and MLflow cost a run: ``python tests/benchmarks/recording.py [FILE]``, by default the main job.

Compared within one run: the seconds that training waited for the sinks and that MLflow's process computed beside it,
against the run's own. The end, when the last of it is written, counts in full.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.cli.progress import Progress
from cltk.events import Event
from cltk.record import Record
from cltk.runs.runner import Sink, execute
from cltk_mlflow.mirror import Mirror


class Timed:
    """A sink, and the seconds that it took."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.seconds = 0.0

    def __call__(self, event: Event, record: Record) -> None:
        started = time.perf_counter()
        self.sink(event, record)
        self.seconds += time.perf_counter() - started


def main() -> None:
    experiment = load(sys.argv[1] if len(sys.argv) > 1 else None, seeds=0)
    prepared = prepare(experiment, Machine(device="cpu"))
    with tempfile.TemporaryDirectory() as folder, Progress(1) as progress:
        store = Path(folder)
        mirror = Mirror(store, None, experiment)
        sinks = [Timed(progress), Timed(mirror)]
        record = execute(prepared, 0, store, sinks)
        ended = time.perf_counter()
        mirror.finish(record)
        assert not mirror.notices  # Waits, too.
        waited = time.perf_counter() - ended
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    beside = used.ru_utime + used.ru_stime
    total, inside = record.seconds["total"], sum(sink.seconds for sink in sinks)
    print(f"final average accuracy {record.metrics['final-average-accuracy']:.4f}, {record.threads} threads")
    print(f"run {total:.1f} s; sinks {inside:.2f} s; MLflow's process {beside:.2f} s of CPU; end {waited:.2f} s")
    print(f"share {100 * (inside + max(beside, waited)) / total:.2f} % of the run, on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
