"""What a study of many cells adds to their work: ``python tests/benchmarks/cells.py [--cells 1000] [--seconds 1]``.

Each cell is one run whose training only sleeps, so that everything else is what the study adds: choosing a cell, the
data, networks, evaluation, the record, and the sinks, unless ``--sink none`` leaves these out. Runs have some of that
without a study, too: the same runs are done before by as many commands ``cltk run`` as there are workers, one run after
the other, and the study is compared with these as well. The memory is that of the command and all that it started, each
page counted once, when a tenth of the cells is finished and when nine tenths are. It wants a machine that does nothing
else: whatever a cell waits for counts.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from arguments import count
from pydantic import Field

from cltk.config import Settings
from cltk.interfaces import Fit, Phase, Shuffled, Strategy, Streams, Task

STUDY = """
name = "simulated"
seeds = [0]
scenario = {{ name = "split-digits", tasks = 1 }}
[strategy]
name = "simulated"
seconds = {seconds}
[ablate.axes]
"strategy.number" = {numbers}
"""
ENTRY_POINTS = "[cltk.strategies]\nsimulated = cells:Simulated\n"
RUNS_ALONE = 20
METADATA = "Metadata-Version: 2.1\nName: simulated\nVersion: 1.0\nRequires-Dist: cltk-core\n"


class Simulated(Strategy):
    """Sleeps instead of learning.

    Source: none; a benchmark.
    """

    class Config(Settings):
        """How long."""

        seconds: float = Field(1.0, ge=0, description="seconds of a run")
        number: int = Field(0, description="tells cells apart")

    config: Config

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """One phase, which sleeps for this task's share of the run."""
        pause = self.config.seconds / self.info.tasks
        yield Fit("classifier", self.parts.classifier, Shuffled(task.train, 10), lambda batch, rng: time.sleep(pause))


def _seconds_alone(command: list[str], store: Path, workers: int, environment: Mapping[str, str]) -> float:
    """Seconds from one run's end to the next one's, without a study: the mean over commands that run at once."""
    processes = [
        subprocess.Popen([*command, "--store", str(store / str(number))], env=environment, stdout=subprocess.DEVNULL)
        for number in range(workers)
    ]
    if any(process.wait() for process in processes):
        raise SystemExit("The runs without a study failed.")
    ends = [sorted(path.stat().st_mtime for path in (store / str(n)).glob("*/record.json")) for n in range(workers)]
    return statistics.fmean((times[-1] - times[0]) / (len(times) - 1) for times in ends)


def _megabytes(process: int) -> float:
    """The memory of a process and of all that it started."""
    total = 0.0
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) / 1e3
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:  # It has ended meanwhile.
        return total
    return total + sum(_megabytes(int(child)) for child in children)


def _finished(store: Path) -> int:
    """How many runs have left their weights."""
    return len(list(store.glob("*/weights.safetensors")))


def _shown(memory: Mapping[int, float], tenths: int) -> str:
    """The memory after so many tenths of the cells, which pass between two looks where cells are few or short."""
    return f"{memory[tenths]:.0f} MB" if tenths in memory else "unknown memory"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=count, default=1000)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a run")
    parser.add_argument("--workers", type=count, default=2)
    parser.add_argument("--sink", help="as of cltk ablate")
    options = parser.parse_args()
    if not options.seconds > 0:
        parser.error(f"a run takes more than {options.seconds:g} seconds: give a larger number")
    with tempfile.TemporaryDirectory() as folder:
        installed = Path(folder, "site", "simulated-1.0.dist-info")
        installed.mkdir(parents=True)
        (installed / "METADATA").write_text(METADATA)
        (installed / "entry_points.txt").write_text(ENTRY_POINTS)
        study, store = Path(folder, "study.toml"), Path(folder, "store")
        study.write_text(STUDY.format(seconds=options.seconds, numbers=list(range(options.cells))))
        paths = (str(installed.parent), str(Path(__file__).parent), os.environ.get("PYTHONPATH", ""))
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
        cltk, quietly = [sys.executable, "-m", "cltk"], ["--quiet", "--json", "--threads", "1"]
        run = [*cltk, "run", *quietly, "--sink", "none", "--seeds", f"0..{RUNS_ALONE - 1}", "--strategy", "simulated"]
        run += ["--strategy.seconds", str(options.seconds), "--scenario", "split-digits", "--scenario.tasks", "1"]
        alone = _seconds_alone(run, Path(folder, "alone"), options.workers, environment)
        command = [*cltk, "ablate", str(study), *quietly, "--store", str(store), "--workers", str(options.workers)]
        command += ["--sink", options.sink] if options.sink else []
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        memory: dict[int, float] = {}
        while process.poll() is None:
            time.sleep(1)
            tenths = 10 * _finished(store) // options.cells
            if tenths not in memory:
                memory[tenths] = _megabytes(process.pid)
        seconds = time.perf_counter() - started
        if process.returncode:
            raise SystemExit("The study failed, as it says above.")
        done = _finished(store)
    work = options.cells * options.seconds / options.workers
    print(
        f"{done} of {options.cells} cells of {options.seconds:g} s by {options.workers} workers in {seconds:.0f} s: "
        f"{100 * (seconds / work - 1):.1f} % more than their work, "
        f"{100 * (seconds / (work / options.seconds * alone) - 1):.1f} % more than the runs take without a study, "
        f"{alone:.3f} s each; "
        f"{_shown(memory, 1)} after a tenth of them, {_shown(memory, 9)} after nine"
    )


if __name__ == "__main__":
    main()
