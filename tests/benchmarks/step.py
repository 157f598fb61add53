"""A training step beside its own matrix products: ``python tests/benchmarks/step.py [--threads N]``.

The published networks, 2 x 400 MLP and 784-400-400-100 VAE, each on 128 current and 128 replayed samples. In turn, in
one process: matrix products of 1024 x 1024 for the peak of the machine, then epochs of the loop that every run trains
in. A step of nothing but its matrix products would take its floating-point operations over that peak.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from peak import matrix_peak
from torch import nn

from cltk.build import BASES
from cltk.engine.descent import Descent
from cltk.engine.process import prepare_process
from cltk.engine.run import Precision
from cltk.interfaces import Examples, Info, Shuffled, Streams, Train, Training
from cltk.registry import find, load

BATCH = 256
STEPS = 20
ROUNDS = 9


def _phase(kind: str, name: str, **settings: object) -> Train:
    info = Info((1, 28, 28), 10, (BATCH * STEPS,), (tuple(range(10)),), "class")
    cls = load(find(kind, name), BASES[kind])
    with Streams(0).scope("init"):
        module = cls(cls.Config(**settings), info)
    rng = torch.Generator().manual_seed(0)
    x = torch.rand((BATCH * STEPS, 1, 28, 28), generator=rng)
    examples = Examples(x, torch.randint(10, (BATCH * STEPS,), generator=rng))

    def loss(batch: Examples, rng: torch.Generator) -> torch.Tensor:
        if kind == "generator":
            return module.loss(batch.x, batch.y, rng)  # type: ignore[no-any-return]
        return nn.functional.cross_entropy(module(batch.x), batch.y, reduction="none")

    return Train(kind, module, Shuffled(examples, BATCH), loss, Training(epochs=1000))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    prepare_process()
    phases = {"mlp": _phase("classifier", "mlp", hidden=(400, 400)), "vae": _phase("generator", "vae")}
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    descents = {(name, p): Descent(phase, p) for p in precisions for name, phase in phases.items()}
    peaks: list[float] = []
    taken: dict[tuple[str, str], list[float]] = {key: [] for key in descents}
    for turn in range(ROUNDS + 1):
        peaks.append(matrix_peak())
        for key, descent in descents.items():
            started = time.perf_counter()
            descent.epoch(Streams(turn))
            if turn:  # The first epoch warms up.
                taken[key].append((time.perf_counter() - started) / STEPS)
    peak = statistics.median(peaks)
    print(f"{torch.get_num_threads()} threads, matrix peak {peak / 1e9:.0f} GFLOP/s in float32")
    total = dict.fromkeys(precisions, 0.0)
    ideal = 0.0
    for (name, precision), values in taken.items():
        seconds = statistics.median(values)
        operations = descents[name, "fp32"].operations / STEPS
        total[precision] += seconds
        ideal += operations / peak if precision == "fp32" else 0
        print(f"{name} {precision}: {1e3 * seconds:.2f} ms a step, {seconds * peak / operations:.2f} of its products")
    print(f"both, fp32: {1e3 * total['fp32']:.2f} ms, {total['fp32'] / ideal:.2f} of their products")
    print(f"bf16: {total['fp32'] / total['bf16']:.2f} times as fast as fp32")


if __name__ == "__main__":
    main()
