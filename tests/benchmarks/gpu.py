"""All that has not been run on a GPU: ``python tests/benchmarks/gpu.py [--data-dir FOLDER] [--out gpu.json]``.

It needs PyTorch and what the core needs, neither MLflow nor Optuna, and Split MNIST in the named folder. In turn: steps
captured as CUDA graphs beside plain ones, every network that is installed, genovese-2024 in full, eight runs at once,
and eight as one model.
Each part is written to the one file as it ends, with its error where it has one, so that an end in between leaves what
was done. Under eight minutes on an H100 is what it is meant to take.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cltk import __version__
from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine.descent import Descent
from cltk.interfaces import Examples, ScenarioInfo, Shuffled, Streams, Train, Training
from cltk.machine import device_of
from cltk.registry import find, installed
from cltk.registry import load as load_plugin
from cltk.runs.runner import execute

GENOVESE = Path(__file__).parents[2] / "experiments" / "genovese-2024.toml"
INFO = ScenarioInfo((1, 28, 28), 10, (5120,), (tuple(range(10)),), "class")
BATCH = 256
EPOCHS = 10
AT_ONCE = 8
TOLERANCE = 1e-3
"""Of the loss of a captured step, relative to a plain one's."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, help="holds Split MNIST; by default CLTK_DATA_DIR")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--device", default="cuda", help="cpu to try this program out")
    parser.add_argument("--small", action="store_true", help="the digits and a hundredth of the work, to try it out")
    arguments = parser.parse_args()
    device = device_of(Machine(device=arguments.device))
    results = {"machine": _machine(device)}
    parts: dict[str, Callable[[], Any]] = {
        "captured": lambda: _compare_captured(device),
        "networks": lambda: _try_networks(device),
        "genovese-2024": lambda: _run_whole(arguments.device, arguments.data_dir, arguments.small),
        "at once": lambda: _run_at_once(arguments.device, arguments.data_dir, arguments.small),
    }
    for name, part in parts.items():
        started = time.perf_counter()
        try:
            results[name] = {"result": part()}
        except Exception:
            results[name] = {"error": traceback.format_exc()}
        results[name]["seconds"] = round(time.perf_counter() - started, 1)
        arguments.out.write_text(json.dumps(results, indent=1) + "\n")
        print(f"{name}: {json.dumps(results[name], indent=1)}", flush=True)
    sys.exit(any("error" in result for result in results.values()))


def _machine(device: torch.device) -> dict[str, Any]:
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    return {"device": name, "torch": torch.__version__, "cuda": torch.version.cuda, "cltk-core": __version__}


def _phase(kind: str, name: str, device: torch.device, **settings: object) -> Train:
    """A phase of training on random images; each call builds the same one."""
    cls = load_plugin(find(kind, name))
    with Streams(0, device=device).scope("init"):
        module = cls(cls.Config(**settings), INFO).to(device)
    rng = torch.Generator().manual_seed(0)
    images = torch.rand((INFO.sizes[0], *INFO.shape), generator=rng)
    examples = Examples(images, torch.randint(INFO.outputs, (INFO.sizes[0],), generator=rng)).to(device)

    def loss(batch: Examples, rng: torch.Generator) -> torch.Tensor:
        if kind == "generator":
            return module.loss(batch.x, batch.y, rng)  # type: ignore[no-any-return]
        return nn.functional.cross_entropy(module(batch.x), batch.y, reduction="none")

    return Train(kind, module, Shuffled(examples, BATCH), loss, Training(epochs=EPOCHS))


def _compare_captured(device: torch.device) -> dict[str, Any]:
    """Losses and times of plain steps and of captured ones; a VAE's noise differs, so that its losses only resemble."""
    compared = {}
    phases = {
        "mlp": ("classifier", {"hidden": (400, 400), "dropout": 0.0}),
        "vae": ("generator", {"hidden": (400, 400), "latent_dim": 100}),
    }
    for name, (kind, settings) in phases.items():
        for precision in ("fp32", "bf16"):
            plain, captured = (
                _train(_phase(kind, name, device, **settings), precision, capture) for capture in ("0", "1")
            )
            difference = abs(captured["loss"] / plain["loss"] - 1)
            compared[f"{name} {precision}"] = {
                "plain": plain,
                "captured": captured,
                "difference": difference,
                "within tolerance": difference < (TOLERANCE if name == "mlp" else 0.05),
                "times as fast": plain["milliseconds a step"] / captured["milliseconds a step"],
            }
    return compared


def _train(phase: Train, precision: Any, capture: str) -> dict[str, float]:
    os.environ["CLTK_CAPTURE"] = capture
    descent, loss, seconds = Descent(phase, precision), 0.0, []
    for epoch in range(EPOCHS):
        started = time.perf_counter()
        loss = float(descent.epoch(Streams(epoch, device=phase.device)).mean())
        seconds.append(time.perf_counter() - started)
    return {"loss": loss, "milliseconds a step": 1e3 * min(seconds) * BATCH / INFO.sizes[0]}


def _try_networks(device: torch.device) -> dict[str, Any]:
    """One epoch of every classifier and generator that is installed and trained by gradient descent, or its error."""
    tried = {}
    for kind in ("classifier", "generator"):
        for plugin in installed(kind):
            try:
                phase = _phase(kind, plugin.name, device)
                trained = any(parameter.requires_grad for parameter in phase.module.parameters())
                tried[plugin.qualified] = _train(phase, "fp32", "0") if trained else "not trained by gradient descent"
            except Exception as error:
                tried[plugin.qualified] = f"{type(error).__name__}: {error}"
    return tried


def _run_whole(device: str, data_dir: Path | None, small: bool) -> dict[str, Any]:
    """Genovese-2024, one seed, in both precisions."""
    done = {}
    for precision in ("fp32", "auto"):
        machine = Machine(device, threads=1, precision=precision, data_dir=data_dir)
        prepared = prepare(load(GENOVESE, **_less(small)), machine)
        with tempfile.TemporaryDirectory() as store:
            record = execute(prepared, 0, Path(store))
        done[precision] = {
            "status": record.error or record.status,
            "precision": record.precision,
            "accuracy": record.final_accuracy,
            "seconds": record.seconds,
        }
    return done


def _less(small: bool) -> dict[str, Any]:
    if not small:
        return {}
    budget = {"epochs": 1, "min_steps": 0}
    return {"scenario": "split-digits", "strategy__classifier": budget, "strategy__generator": budget}


def _run_at_once(device: str, data_dir: Path | None, small: bool) -> dict[str, float]:
    """Seconds of one run, of eight commands at once, and of eight seeds as one model: what one run leaves unused."""
    count = 2 if small else AT_ONCE
    command = [sys.executable, "-m", "cltk", "run", "--device", device, "--sink", "none", "--quiet"]
    command += ["--scenario", "split-digits" if small else "split-mnist"]
    for network in ("classifier", "generator"):
        command += [f"--strategy.{network}.epochs", "1" if small else "5", f"--strategy.{network}.min-steps", "0"]
    command += ["--data-dir", str(data_dir)] if data_dir else []
    return {
        "1": _time_commands([[*command, "--seeds", "0"]]),
        str(count): _time_commands([[*command, "--seeds", str(seed)] for seed in range(count)]),
        f"{count} together": _time_commands([[*command, "--seeds", f"0..{count - 1}", "--together"]]),
    }


def _time_commands(commands: list[list[str]]) -> float:
    """Seconds that commands take at once."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        runs = [subprocess.Popen([*each, "--store", folder], stdout=subprocess.DEVNULL) for each in commands]
        failed = [status for run in runs if (status := run.wait())]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(commands)} commands failed")
    return round(time.perf_counter() - started, 1)


if __name__ == "__main__":
    main()
