"""Iterations of generative replay here and in GMvandeVen/continual-learning, in turn, for ``peers.py``.

The second task of class-incremental Split MNIST: 128 images and as many replayed ones, drawn and labelled in the
iteration, train a perceptron of 2 x 400 units and a VAE of 784-400-400-100 with Adam. Theirs draws them once for both
networks, ours once for each. A process each, with the same threads.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from typing import Literal

from peak import seconds

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine.descent import Descent
from cltk.engine.fast.process import prepare_process
from cltk.engine.loop import phases_of

__all__ = ["compare_iterations"]

SCRIPT = Path(__file__).with_name("gmvandeven_replay.py")
Asked = Literal["fp32", "auto"]
PRECISIONS: tuple[Asked, ...] = ("fp32", "auto")
"""Of ours; theirs is in float32."""


class Ours:
    """Both networks in the second task, behind an epoch of the first one.

    Args:
        asked: Precision of the products.
        threads: Number of threads.
    """

    def __init__(self, asked: Asked, threads: int) -> None:
        budget = {"epochs": 1000, "batch_size": 128, "lr": 1e-3, "weight_decay": 0}
        experiment = load(
            scenario="split-mnist", strategy="generative-replay", strategy__replay__images="mean", schedule="equal",
            strategy__classifier=budget, strategy__generator=budget,
            classifier="mlp", classifier__hidden=[400, 400], classifier__dropout=0,
            generator="vae", generator__hidden=[400, 400], generator__latent_dim=100,
        )  # fmt: skip
        prepared = prepare(experiment, Machine("cpu", threads=threads, precision=asked))
        precision, run = prepared.precision, prepared.assemble(seed=0)
        self.name = precision if precision == asked else f"{asked}, which is {precision} here"
        for phase in phases_of(run, run.tasks[0]):
            Descent(phase, precision).epoch(run.streams)
        self._descents = [Descent(phase, precision) for phase in phases_of(run, run.tasks[1])]
        self._streams = run.streams

    def take_turn(self, number: int) -> float:
        """Seconds of an iteration, in an epoch of the classifier and one of the generator."""
        total = 0.0
        for descent in self._descents:
            started = seconds()
            losses = descent.epoch(self._streams.at("turn", number))
            total += (seconds() - started) / len(losses)
        return total


def compare_iterations(checkout: Path, data: Path, threads: int, turns: int) -> None:
    """Measures and reports.

    Args:
        checkout: A checkout of theirs.
        data: Holds MNIST/MNIST/raw, unpacked.
        threads: Number of threads of each.
        turns: Number of turns of each.
    """
    prepare_process(threads)
    sides = [Ours(asked, threads) for asked in PRECISIONS]
    taken: list[list[float]] = [[] for _ in ("theirs", *sides)]
    command = [sys.executable, SCRIPT, checkout, data, f"--threads={threads}", f"--turns={turns}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as theirs:
        assert theirs.stdin
        assert theirs.stdout
        for turn in range(turns):
            line = theirs.stdout.readline()
            if not line:
                sys.exit("GMvandeVen/continual-learning failed, as it says above.")
            once = [float(line), *(side.take_turn(turn) for side in sides)]
            for values, value in zip(taken, once, strict=True):
                values.append(value)
            theirs.stdin.write("\n")
    print(f"an iteration with the published networks, {threads} threads, milliseconds")
    print(f"  GMvandeVen/continual-learning in fp32: {1e3 * statistics.median(taken[0]):.1f}")
    for side, values in zip(sides, taken[1:], strict=True):
        ratio = statistics.median(theirs / ours for theirs, ours in zip(taken[0], values, strict=True))
        print(f"  cltk in {side.name}: {1e3 * statistics.median(values):.1f}, {ratio:.2f} times as fast")
