"""The same work in Avalanche: ``python tests/benchmarks/peers.py``, with Split MNIST in CLTK_DATA_DIR.

Generative replay with the same networks, as many replayed as current samples in each batch, and the same epochs, in
turn: ours, Avalanche as its example of generative replay has it, and Avalanche spared all that the networks can do
without: normalising each image, measuring and logging each batch, and denormal numbers. Large networks spend most of
their time in matrix products, which are the same for all; small ones show what else a step costs. Avalanche gets an
environment of its own on first use, from the package index, with the PyTorch that is installed here. Compared are
seconds of training; accuracies stand beside them, as neither may be bought with the other.

``--gmvandeven FOLDER`` compares with GMvandeVen/continual-learning instead, of which the folder is a checkout:
iterations of the published networks, in turn.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import statistics
import subprocess
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import torch
import torchvision
from iterations import compare_iterations

from cltk.api import Machine, load, train
from cltk.events import EpochEnded, TaskEnded

AVALANCHE = "avalanche-lib==0.6.0"
SCRIPT = Path(__file__).with_name("avalanche_replay.py")
PEERS = {"as its example has it": [], "spared": ["--spared"]}
"""Ways of running Avalanche, and their options."""


def _environment() -> Path:
    """The Python of an environment with Avalanche."""
    folder = Path(platformdirs.user_cache_dir("cltk", appauthor=False)) / "benchmarks" / "avalanche"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        torches = [f"{package.__name__}=={package.__version__.split('+')[0]}" for package in (torch, torchvision)]
        subprocess.run([python, "-m", "pip", "install", "--quiet", AVALANCHE, *torches], check=True)
        (folder / "complete").touch()
    return python


def _unpack(folder: Path) -> None:
    """MNIST as torchvision wants it."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in (Path(os.environ["CLTK_DATA_DIR"]) / "MNIST" / "raw").glob("*.gz"):
        (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))


@dataclass(frozen=True)
class Networks:
    """Hidden layers of the classifier and of the VAE's encoder, and the VAE's number of latent variables."""

    classifier: list[int]
    generator: list[int]
    latent: int


NETWORKS = {
    "published": Networks([400, 400], [400, 400], 100),
    "avalanche": Networks([512], [400, 128], 2),
    "small": Networks([50, 50], [128], 20),
}
"""Those of ``avalanche`` have the sizes of its example, but for the decoder, which mirrors the encoder here."""


def _theirs(
    python: Path, folder: Path, more: list[str], networks: Networks, epochs: int, threads: int
) -> tuple[float, float]:
    """Seconds of training, and accuracy."""
    options = {**vars(networks), "epochs": epochs, "threads": threads}
    command = [python, "-W", "ignore", SCRIPT, folder, *more]
    for name, value in options.items():
        command += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(output.splitlines()[-1])
    return result["seconds"], result["accuracy"]


def _ours(networks: Networks, epochs: int, threads: int) -> tuple[float, float]:
    """The same of ours."""
    budget = {"epochs": epochs, "min_steps": 0, "lr": 1e-3}
    experiment = load(
        scenario="split-mnist", strategy="generative-replay", classifier="mlp", generator="vae", schedule="equal",
        classifier__hidden=networks.classifier, generator__hidden=networks.generator,
        generator__latent_dim=networks.latent, strategy__classifier=budget, strategy__generator=budget,
    )  # fmt: skip
    seconds, accuracy = 0.0, 0.0
    for event in train(experiment, 0, Machine("cpu", threads=threads)):
        if isinstance(event, EpochEnded):
            seconds += event.seconds
        elif isinstance(event, TaskEnded):
            accuracy = statistics.fmean(event.accuracy)
    return seconds, accuracy


def _compare(name: str, python: Path, folder: Path, epochs: int, threads: int, rounds: int) -> None:
    work = (NETWORKS[name], epochs, threads)
    ratios: dict[str, list[float]] = {way: [] for way in PEERS}
    print(f"{name} networks, {threads} threads", flush=True)
    for _ in range(rounds):
        ours = _ours(*work)
        line = "  cltk {:.1f} s (accuracy {:.3f}), Avalanche".format(*ours)
        for way, more in PEERS.items():
            theirs = _theirs(python, folder, more, *work)
            ratios[way].append(theirs[0] / ours[0])
            line += " {} {:.1f} s ({:.3f}),".format(way, *theirs)
        print(line.rstrip(","), flush=True)
    median = ", ".join(f"{statistics.median(of):.2f} times {way}" for way, of in ratios.items())
    print(f"  the speed of Avalanche: {median}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gmvandeven", type=Path, metavar="FOLDER", help="compare with this checkout instead")
    parser.add_argument("--networks", choices=tuple(NETWORKS), nargs="+", default=list(NETWORKS))
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, nargs="+", default=[torch.get_num_threads()])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.gmvandeven:
            _unpack(Path(folder, "MNIST"))
            for threads in arguments.threads:
                compare_iterations(arguments.gmvandeven, Path(folder), threads, arguments.rounds)
            return
        python = _environment()
        _unpack(Path(folder))
        for name, threads in itertools.product(arguments.networks, arguments.threads):
            _compare(name, python, Path(folder), arguments.epochs, threads, arguments.rounds)


if __name__ == "__main__":
    main()
