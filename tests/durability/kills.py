"""Runs that are killed and interrupted time and again, compared with runs that are left alone.

    python -m tests.durability.kills [--runs 100] [--seed 0] [--only STRATEGY]

Each run is one of an installed strategy or of ``third_party``, in turn. It is ended 2 to 12 times by SIGKILL, SIGTERM
or SIGINT (some of them twice): while it goes on from where it was, at a random moment, or exactly at one of its
accesses to its folder, of which the end of a task has most; then it is left to finish. Record and weights must be
those of the same run without all that. A run is what ``cltk run`` does once its options are read, in a process of its
own that has all imports behind it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

import torch

from cltk.api import Machine, load
from cltk.build import Prepared, prepare
from cltk.interfaces import Training
from cltk.record_file import read_record
from cltk.registry import find, installed
from cltk.registry import load as load_plugin
from cltk.runs.interval import MINUTE
from cltk.runs.recorder import run_id
from cltk.runs.seeds import run_seeds
from cltk.runs.sinks import Sinks
from tests.durability.third_party import installed_in

__all__ = ["Case", "Outcome", "cases", "torment"]

FEWEST, MOST = 2, 12
"""Ends of a run before it is left to finish."""

BUDGET = {"epochs": 4, "min_steps": 0, "steps": None, "batch_size": 32}
SMALL: dict[str, dict[str, Any]] = {
    "brain-inspired-replay": {"hidden": [16, 16], "latent_dim": 4},
    "expanding": {"hidden": 8, "buffer": 50},
    "feedback-replay": {"hidden": [16, 16], "latent_dim": 4},
    "generative-classifier": {"hidden": 16, "latent_dim": 4, "samples": 4},
    "pec": {"teacher": 8, "hidden": 8, "outputs": 8},
    "randumb": {"features": 50},
}
"""Settings of strategies with large networks of their own."""

_ACCESSES = {"open", "os.rename", "os.remove", "os.mkdir"}


@dataclass(frozen=True)
class Case:
    """A run, and how it is to be ended.

    Attributes:
        strategy: Its strategy.
        seed: Its seed, which its ends are drawn from too.
        checkpoint_every: Least number of seconds between two checkpoints within a task.
        reset: Whether optimizers begin anew with each task.
    """

    strategy: str
    seed: int
    checkpoint_every: float
    reset: bool

    def prepare(self) -> Prepared:
        """The experiment, as small as it can be."""
        plugin = find("strategy", self.strategy)
        cls = load_plugin(plugin)
        budgets = [name for name, given in cls.Config.model_fields.items() if given.annotation is Training]
        budget = BUDGET | {"reset_optimizer": self.reset}
        settings = dict.fromkeys(budgets, budget) | SMALL.get(plugin.name, {})
        slots: dict[str, Any] = {"strategy": {"name": self.strategy} | settings}
        if "classifier" in cls.slots:
            slots["classifier"] = {"hidden": [16]}
        if "generator" in cls.slots:
            slots["generator"] = {"hidden": 16, "latent_dim": 4}
        scenario = {"name": "split-digits", "per_class": 30}
        return prepare(load(scenario=scenario, seeds=[self.seed], **slots), Machine(device="cpu", threads=1))


@dataclass
class Outcome:
    """What came of a case.

    Attributes:
        case: The case.
        ends: How it was ended, in order.
        differences: What is not as in the run that was left alone.
    """

    case: Case
    ends: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Measured:
    """How long a run takes, and how often it accesses its folder."""

    seconds: float
    accesses: int


def cases(count: int, seed: int) -> list[Case]:
    """As many cases, over all strategies in turn."""
    names = [plugin.qualified for plugin in installed("strategy")]
    return [Case(names[i % len(names)], 1000 * seed + i, (0.0, MINUTE)[i % 2], bool(i % 3)) for i in range(count)]


def torment(case: Case, folder: Path) -> Outcome:
    """Runs a case in both ways, and compares."""
    prepared = case.prepare()
    measured = _measure(prepared, case, folder / "whole")
    outcome = Outcome(case)
    for attempt in range(20):  # Where it was too quick for two ends, there is another try.
        store = folder / f"killed-{attempt}"
        outcome.ends = _end_often(prepared, case, store, measured, Random(f"{case.seed}/{attempt}"))  # noqa: S311
        if len(outcome.ends) >= FEWEST:
            break
    else:
        outcome.differences.append("it was never ended twice")
    status = _start(prepared, case, store).finish()
    if status != 0:
        outcome.differences.append(f"exit status {status}")
    else:
        outcome.differences += _compare(folder / "whole", store, run_id(prepared, case.seed))
    return outcome


def _measure(prepared: Prepared, case: Case, store: Path) -> _Measured:
    begun = time.monotonic()
    attempt = _start(prepared, case, store)
    status = attempt.finish()
    assert status == 0, f"{case} ended with status {status}"
    return _Measured(time.monotonic() - begun, attempt.accesses())


def _compare(whole: Path, killed: Path, name: str) -> list[str]:
    records = [read_record(store / name / "record.json").without_timings() for store in (whole, killed)]
    weights = [(store / name / "weights.safetensors").read_bytes() for store in (whole, killed)]
    left = [path.name for path in (killed / name).glob("*-*.safetensors")]
    differences = [key for key, value in records[0].items() if records[1].get(key) != value]
    return differences + ["weights"] * (weights[0] != weights[1]) + [f"'{path}' is left" for path in left]


def _end_often(prepared: Prepared, case: Case, store: Path, measured: _Measured, chance: Random) -> list[str]:
    """Begins the run and goes on with it, ending it each time; stops early where it is finished."""
    ends = []
    count = chance.randint(FEWEST, MOST)
    for _ in range(count):
        number = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        moment = chance.choice(["resuming", "moment", "access"])
        span = 1.6 / count
        match moment:
            case "access":
                attempt = _start(prepared, case, store, number, 1 + int(chance.random() * span * measured.accesses))
            case _:
                attempt = _start(prepared, case, store)
                most = 0.02 if moment == "resuming" else span * measured.seconds
                attempt.strike(number, chance.uniform(0, most), again=chance.random() < 0.25)
        status = attempt.finish()
        if status == 0:
            break
        assert status in (-number, 130, 1), f"{case} ended with status {status} of {number.name}"
        ends.append(f"{number.name} ({moment})")
    return ends


@dataclass
class _Attempt:
    """A process that does a run."""

    process: Any
    pipe: Connection

    def strike(self, number: signal.Signals, after: float, *, again: bool) -> None:
        """Sends it a signal so many seconds after it has begun, or two."""
        self.pipe.recv()
        for seconds in (after, 0.005)[: 1 + again]:
            time.sleep(seconds)
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def finish(self) -> int:
        """Waits for its end; the exit status, or minus the signal."""
        self.process.join(600)
        status: int | None = self.process.exitcode
        assert status is not None, "it hangs"
        return status

    def accesses(self) -> int:
        """How often it accessed its folder; once it has finished."""
        self.pipe.recv()
        return int(self.pipe.recv())


def _start(
    prepared: Prepared, case: Case, store: Path, number: signal.Signals | None = None, access: int = 0
) -> _Attempt:
    """Begins a run, or goes on with it; with ``access``, it is sent a signal at that access to its folder."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=_run, args=(prepared, case, store, theirs, number, access)
    )
    process.start()
    theirs.close()
    return _Attempt(process, ours)


def _run(
    prepared: Prepared, case: Case, store: Path, pipe: Connection, number: signal.Signals | None, access: int
) -> None:
    counted = 0

    def count(event: str, arguments: Sequence[object]) -> None:
        nonlocal counted
        if event in _ACCESSES and str(arguments[0]).startswith(str(store)):
            counted += 1
            if number is not None and counted == access:
                os.kill(os.getpid(), number)

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # A second Ctrl-C ends with a traceback.
    sys.addaudithook(count)
    pipe.send(None)
    status = 1
    try:
        status = run_seeds(prepared, store, Sinks(), True, case.checkpoint_every).exit_status
    except KeyboardInterrupt:
        status = 130
    pipe.send(counted)
    os._exit(status)


def run_all(chosen: Sequence[Case], tell: Callable[[Outcome], object]) -> list[Outcome]:
    """Runs cases one after the other, each in a folder of its own."""
    outcomes = []
    for case in chosen:
        with tempfile.TemporaryDirectory() as folder:
            try:
                outcomes.append(torment(case, Path(folder)))
            except AssertionError as error:
                outcomes.append(Outcome(case, differences=[str(error)]))
        tell(outcomes[-1])
    return outcomes


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="those of one strategy alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, installed_in(Path(folder)):
        chosen = [case for case in cases(options.runs, options.seed) if (options.only or "") in case.strategy]
        outcomes = run_all(chosen, lambda outcome: print(_line(outcome), flush=True))
    same = sum(not outcome.differences for outcome in outcomes)
    ends = Counter(end for outcome in outcomes for end in outcome.ends)
    print(f"{same} of {len(outcomes)} runs identical to the undisturbed ones, after {ends.total()} ends:")
    print(", ".join(f"{number} {end}" for end, number in sorted(ends.items())))
    return int(same < len(outcomes))


def _line(outcome: Outcome) -> str:
    case = outcome.case
    what = f"{case.strategy}, seed {case.seed}, --checkpoint-every {case.checkpoint_every:.0f}"
    return f"{what}: {len(outcome.ends)} ends, {', '.join(outcome.differences) or 'identical'}"


if __name__ == "__main__":
    sys.exit(main())
