"""The same work in Avalanche: ``python tests/benchmarks/peers.py``, with Split MNIST in CLTK_DATA_DIR.

Generative replay with the same networks, as many replayed as current samples in each batch, and the same epochs, in
turn: ours in float32, Avalanche as its example of generative replay has it, and Avalanche spared all that the networks
can do without: normalising each image, measuring and logging each batch, and denormal numbers. Where ``--precision
auto`` is another precision than float32, ours in that stands beside them, marked as such. Large networks spend most of
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
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import torch
import torchvision
from arguments import NO_MNIST, count, folder_with_mnist
from iterations import compare_iterations

from cltk.api import Machine, load, train
from cltk.events import EpochEnded, TaskEnded
from cltk.machine import Precision, precision_of

AVALANCHE = "avalanche-lib==0.6.0"
SCRIPT = Path(__file__).with_name("avalanche_replay.py")
PEERS = {"as its example has it": [], "spared": ["--spared"]}
"""Ways of running Avalanche, and their options."""
THEIR_FILES = ("data/load.py", "models/classifier.py", "models/vae.py", "train/train_task_based.py")
"""What ``gmvandeven_replay.py`` imports of theirs."""


def _environment() -> Path:
    """The Python of an environment with Avalanche."""
    folder = Path(platformdirs.user_cache_dir("cltk", appauthor=False)) / "benchmarks" / "avalanche"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        torches = [f"{package.__name__}=={package.__version__.split('+')[0]}" for package in (torch, torchvision)]
        if subprocess.run([python, "-m", "pip", "install", "--quiet", AVALANCHE, *torches]).returncode:
            sys.exit(f"{AVALANCHE} cannot be installed, as pip says above: it needs the package index.")
        (folder / "complete").touch()
    return python


def _unpack(source: Path, folder: Path) -> None:
    """MNIST as torchvision wants it."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in (source / "MNIST" / "raw").glob("*-ubyte*"):
        content = file.read_bytes()
        (raw / file.name.removesuffix(".gz")).write_bytes(gzip.decompress(content) if file.suffix == ".gz" else content)


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
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit("Avalanche failed, as it says above.")
    result = json.loads(done.stdout.splitlines()[-1])
    return result["seconds"], result["accuracy"]


def _ours(networks: Networks, epochs: int, threads: int, precision: Precision) -> tuple[float, float]:
    """The same of ours."""
    budget = {"epochs": epochs, "min_steps": 0, "lr": 1e-3}
    experiment = load(
        scenario="split-mnist", strategy="generative-replay", classifier="mlp", generator="vae", schedule="equal",
        classifier__hidden=networks.classifier, generator__hidden=networks.generator,
        generator__latent_dim=networks.latent, strategy__classifier=budget, strategy__generator=budget,
    )  # fmt: skip
    seconds, accuracy = 0.0, 0.0
    for event in train(experiment, 0, Machine("cpu", threads=threads, precision=precision)):
        if isinstance(event, EpochEnded):
            seconds += event.seconds
        elif isinstance(event, TaskEnded):
            accuracy = statistics.fmean(event.accuracy)
    return seconds, accuracy


def _precisions() -> list[Precision]:
    """Float32, which is Avalanche's too, and what ``auto`` is on this processor."""
    auto = precision_of(Machine("cpu", precision="auto"), torch.device("cpu"))
    return list(dict.fromkeys(("fp32", auto)))


def _compare(name: str, python: Path, folder: Path, epochs: int, threads: int, rounds: int) -> None:
    work = (NETWORKS[name], epochs, threads)
    ratios = {(precision, way): list[float]() for precision in _precisions() for way in PEERS}
    print(f"{name} networks, {threads} threads; Avalanche in fp32", flush=True)
    for _ in range(rounds):
        ours = {precision: _ours(*work, precision) for precision in _precisions()}
        theirs = {way: _theirs(python, folder, more, *work) for way, more in PEERS.items()}
        for precision, way in ratios:
            ratios[precision, way].append(theirs[way][0] / ours[precision][0])
        seconds = {f"cltk in {precision}": result for precision, result in ours.items()}
        seconds |= {f"Avalanche {way}": result for way, result in theirs.items()}
        print(
            "  " + ", ".join("{} {:.1f} s ({:.3f})".format(who, *result) for who, result in seconds.items()), flush=True
        )
    for precision in _precisions():
        median = ", ".join(f"{statistics.median(ratios[precision, way]):.2f} times {way}" for way in PEERS)
        other = "" if precision == "fp32" else ", another precision than Avalanche's"
        print(f"  cltk in {precision}{other}, beside the speed of Avalanche: {median}", flush=True)


def _checkout(text: str) -> Path:
    """A folder with what is run of theirs, as the type of an argument.

    Raises:
        argparse.ArgumentTypeError: It is another one.
    """
    folder = Path(text)
    missing = [name for name in THEIR_FILES if not (folder / name).is_file()]
    if missing:
        raise argparse.ArgumentTypeError(
            f"'{text}' is no checkout of GMvandeVen/continual-learning: there is no {missing[0]} in it. "
            "Clone that repository, and name the folder that it is in"
        )
    return folder


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--gmvandeven", type=_checkout, metavar="FOLDER", help="compare with this checkout instead")
    parser.add_argument("--networks", choices=tuple(NETWORKS), nargs="+", default=list(NETWORKS))
    parser.add_argument("--epochs", type=count, default=1)
    parser.add_argument("--threads", type=count, nargs="+", default=[torch.get_num_threads()])
    parser.add_argument("--rounds", type=count, default=3)
    arguments = parser.parse_args()
    source = folder_with_mnist()
    if source is None:
        parser.error(NO_MNIST)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.gmvandeven:
            _unpack(source, Path(folder, "MNIST"))
            for threads in arguments.threads:
                compare_iterations(arguments.gmvandeven, Path(folder), threads, arguments.rounds)
            return
        python = _environment()
        _unpack(source, Path(folder))
        for name, threads in itertools.product(arguments.networks, arguments.threads):
            _compare(name, python, Path(folder), arguments.epochs, threads, arguments.rounds)


if __name__ == "__main__":
    main()
