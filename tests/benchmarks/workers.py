"""Workers and threads: ``python tests/benchmarks/workers.py [--cells N] [--device cuda]``.

The same study of short runs on Split MNIST, which is in CLTK_DATA_DIR, with the networks of genovese-2024: by one
worker with one thread, by two of those, and by one worker with two threads, each a command of its own in turn; on a
GPU, by one worker and by eight. Runs an hour count the whole command, and the time that its workers had work. The
overhead is the share of the command's time that is not the runs': before the first one, after the last one, and between
two of the same worker.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import optuna
from arguments import NO_MNIST, count, errors_told, folder_with_mnist

from cltk.machine import Machine, device_of
from cltk.record_file import read_record
from cltk_studies.work.database import open_database

STUDY = """
name = "short-runs"
seeds = "0..{last}"

[scenario]
name = "split-mnist"

[strategy]
name = "generative-replay"
classifier = {{ epochs = 1, min_steps = 0 }}
generator = {{ epochs = 1, min_steps = 0 }}
replay = {{ images = "mean" }}

[classifier]
hidden = [50, 50]

[generator]
hidden = [400, 400]

[schedule]
name = "equal"

[ablate.axes]
"generator.latent_dim" = [50, 100]
"""
LAYOUTS = {"cpu": ((1, 1), (2, 1), (1, 2)), "cuda": ((1, 1), (8, 1))}
"""Workers, and threads of each; the second one is compared with the others."""
NUMBERS = {1: "one", 2: "two", 8: "eight"}


def _named(workers: int, threads: int) -> str:
    counts = ((workers, "worker"), (threads, "thread"))
    return " of ".join(f"{NUMBERS[count]} {what}{'s' if count > 1 else ''}" for count, what in counts)


def _carry_out(study: Path, store: Path, device: str, workers: int, threads: int) -> float:
    """Seconds of a command that carries out the study."""
    options = {"device": device, "workers": workers, "threads": threads, "store": store}
    command = [sys.executable, "-m", "cltk", "ablate", str(study), "--quiet", "--json"]
    command += [f"--{name}={value}" for name, value in options.items()]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"The study failed: {done.stderr.strip()}")
    return time.perf_counter() - started


def _at_work(store: Path) -> tuple[float, float]:
    """Seconds from the beginning of the first run to the end of the last one, and those between runs of a worker."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    trials: list[Any] = optuna.load_study(study_name="short-runs", storage=open_database(store).backend).trials
    begun, ended = (min(t.datetime_start for t in trials), max(t.datetime_complete for t in trials))
    spans: dict[int, list[tuple[Any, Any]]] = {}
    for trial in trials:
        spans.setdefault(trial.user_attrs["worker"]["pid"], []).append((trial.datetime_start, trial.datetime_complete))
    between = [
        (later[0] - earlier[1]).total_seconds() for of in spans.values() for earlier, later in pairwise(sorted(of))
    ]
    return (ended - begun).total_seconds(), sum(between) / len(spans)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=count, default=24, help="number of runs, even")
    parser.add_argument("--device", choices=tuple(LAYOUTS), default="cpu")
    arguments = parser.parse_args()
    if arguments.cells % 2:
        parser.error(f"the study has two runs a seed: --cells {arguments.cells + 1} instead of {arguments.cells}")
    if not folder_with_mnist():
        parser.error(NO_MNIST)
    with errors_told(parser):
        device_of(Machine(arguments.device))
    runs, layouts = arguments.cells, LAYOUTS[arguments.device]
    whole: dict[tuple[int, int], float] = {}
    inside: dict[tuple[int, int], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder, "study.toml")
        study.write_text(STUDY.format(last=runs // 2 - 1))
        for workers, threads in layouts:
            store = Path(folder, f"{workers}-{threads}")
            seconds = _carry_out(study, store, arguments.device, workers, threads)
            records = [read_record(path) for path in store.glob("*/record.json")]
            spent = sum(record.seconds["total"] for record in records)
            whole[workers, threads] = 3600 * runs / seconds
            at_work, between = _at_work(store)
            inside[workers, threads] = 3600 * runs / at_work
            print(
                f"{workers} workers of {threads} threads: {len(records)} runs of {spent / runs:.1f} s "
                f"in {seconds:.0f} s, "
                f"{whole[workers, threads]:.0f} an hour, at work {inside[workers, threads]:.0f}; "
                f"overhead {100 * (1 - (at_work - between) / seconds):.1f} %"
            )
    most = layouts[1]
    for other in layouts[:1] + layouts[2:]:
        print(
            f"{_named(*most)} against {_named(*other)}: {whole[most] / whole[other]:.2f} times the runs an hour, "
            f"at work {inside[most] / inside[other]:.2f}"
        )


if __name__ == "__main__":
    main()
