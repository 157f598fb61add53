"""A training step beside its own products: ``python tests/benchmarks/step.py [--threads N] [--compile] [--profile]``.

The published networks, 2 x 400 MLP and 784-400-400-100 VAE, each on 128 current and 128 replayed samples. In turn, in
one process: matrix products of 1024 x 1024 for the peak of the machine, then epochs of the loop that every run trains
in. A step of nothing but its matrix products would take its floating-point operations over that peak: of PyTorch by
default, and as training has it, which is faster on some processors.
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import replace

import torch
from arguments import count
from peak import matrix_peak, seconds
from torch import nn

from cltk.engine.descent import Descent
from cltk.engine.fast.process import prepare_process
from cltk.engine.fast.products import fast_products
from cltk.interfaces import Examples, ScenarioInfo, Shuffled, Streams, Train, Training
from cltk.registry import find, load

BATCH = 256
STEPS = 20
ROUNDS = 9
SHOWN = 8
"""Operations in a profile."""
PEER_PEAK = 330e9
"""Of the machine on which GMvandeVen/continual-learning takes 24.1 ms for a step of both networks."""


def _phase(kind: str, name: str, **settings: object) -> Train:
    info = ScenarioInfo((1, 28, 28), 10, (BATCH * STEPS,), (tuple(range(10)),), "class")
    cls = load(find(kind, name))
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


def _compiled(phase: Train) -> Train:
    """The same phase with its loss compiled, forward and backward."""
    compiled = torch.compile(phase.loss)
    return replace(phase, loss=lambda batch, rng: compiled(batch, rng))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=count, default=1)
    parser.add_argument("--compile", action="store_true", help="compare torch.compile instead of bfloat16")
    parser.add_argument("--profile", action="store_true", help="say which operations take the time instead")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    prepare_process()
    phases = {
        "mlp": _phase("classifier", "mlp", hidden=(400, 400)),
        "vae": _phase("generator", "vae", hidden=(400, 400), latent_dim=100),
    }
    other = "compiled" if arguments.compile else "bf16"
    descents = {(name, "fp32"): Descent(phase, "fp32") for name, phase in phases.items()}
    for name, phase in phases.items():
        compared = Descent(_compiled(phase), "fp32") if arguments.compile else Descent(phase, "bf16")
        descents[name, other] = compared
    if arguments.profile:
        _profile(descents)
        return
    peaks: list[float] = []
    peaks_in_training: list[float] = []
    taken: dict[tuple[str, str], list[float]] = {key: [] for key in descents}
    for turn in range(ROUNDS + 1):
        peaks.append(matrix_peak())
        with fast_products():
            peaks_in_training.append(matrix_peak())
        for key, descent in descents.items():
            started = seconds()
            descent.epoch(Streams(turn))
            epoch = seconds() - started
            if turn:
                taken[key].append(epoch / STEPS)
            elif key[1] == "compiled":
                print(f"{key[0]} compiled in {epoch:.0f} s")
    _report(descents, taken, statistics.median(peaks), statistics.median(peaks_in_training), other)


def _profile(descents: dict[tuple[str, str], Descent]) -> None:
    """Prints the shares of the operations that take most of a step."""
    for key, descent in descents.items():
        descent.epoch(Streams(0))
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            for turn in range(1, ROUNDS):
                descent.epoch(Streams(turn))
        taken = {event.key.removeprefix("aten::"): event.self_cpu_time_total for event in profile.key_averages()}
        largest = sorted(taken.items(), key=lambda item: item[1], reverse=True)[:SHOWN]
        shares = (f"{name} {100 * time / sum(taken.values()):.0f} %" for name, time in largest)
        print(f"{' '.join(key)}: {', '.join(shares)}")


def _report(
    descents: dict[tuple[str, str], Descent],
    taken: dict[tuple[str, str], list[float]],
    peak: float,
    peak_in_training: float,
    other: str,
) -> None:
    """Prints the table; shares of products go by the peak that PyTorch has by default."""
    rates = f"{peak / 1e9:.0f} by default, {peak_in_training / 1e9:.0f} in training"
    print(f"{torch.get_num_threads()} threads, matrix peak in GFLOP/s, float32: {rates}")
    total = dict.fromkeys(("fp32", other), 0.0)
    operations = {key: descent.operations / STEPS for key, descent in descents.items()}
    for key, values in taken.items():
        step = statistics.median(values)
        total[key[1]] += step
        products = operations[key[0], "fp32"] / peak
        print(f"{key[0]} {key[1]}: {1e3 * step:.2f} ms a step, {step / products:.2f} of its products")
    both = operations["mlp", "fp32"] + operations["vae", "fp32"]
    default, faster = total["fp32"] * peak / both, total["fp32"] * peak_in_training / both
    print(f"both, fp32: {1e3 * total['fp32']:.2f} ms for {both / 1e9:.2f} GFLOP, {default:.2f} of their products")
    means = f"{1e3 * faster * both / PEER_PEAK:.1f} ms at a peak of {PEER_PEAK / 1e9:.0f} GFLOP/s"
    print(f"{faster:.2f} of the products of training, which means {means}")
    print(f"{other}: {total['fp32'] / total[other]:.2f} times as fast as fp32")


if __name__ == "__main__":
    main()
