"""Accuracy in bfloat16 against float32: ``python tests/benchmarks/precision.py [--seeds N]``.

Generative replay on the digits with a small VAE, each seed in both precisions. Equal seeds mean equal random streams,
so that the differences are paired. It takes long where the hardware does not multiply bfloat16, and says the same.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from statistics import fmean

from arguments import count

from cltk.api import Machine, load, train
from cltk.engine.run import Precision
from cltk.events import TaskEnded
from cltk_studies.answers.statistics import paired_difference

PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
Job = tuple[Precision, int]


def _accuracy(job: Job) -> float:
    """Mean accuracy over all tasks at the end."""
    precision, seed = job
    experiment = load(
        scenario="split-digits", generator__hidden=[100, 100], generator__latent_dim=20, strategy__replay__images="mean"
    )
    rows = [
        event.accuracy
        for event in train(experiment, seed, Machine("cpu", threads=1, precision=precision))
        if isinstance(event, TaskEnded)
    ]
    return fmean(rows[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=count, default=10, help="their number, 2 or more")
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error("one seed shows no interval: --seeds 2 or more")
    seeds = range(arguments.seeds)
    jobs: list[Job] = [(precision, seed) for seed in seeds for precision in PRECISIONS]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        found = dict(zip(jobs, pool.imap(_accuracy, jobs), strict=True))
    for seed in seeds:
        print(f"seed {seed}: " + ", ".join(f"{precision} {found[precision, seed]:.4f}" for precision in PRECISIONS))
    single, half = ({seed: found[precision, seed] for seed in seeds} for precision in PRECISIONS)
    compared = paired_difference(half, single)
    assert compared is not None
    print(f"fp32 {fmean(single.values()):.4f}, bf16 {fmean(half.values()):.4f}")
    print(f"bf16 - fp32: {compared.mean:+.4f} ± {compared.ci95:.4f} (95 %, paired over {compared.n} seeds)")


if __name__ == "__main__":
    main()
