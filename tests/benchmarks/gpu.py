"""All that has not been run on a GPU: ``python tests/benchmarks/gpu.py [--data-dir FOLDER] [--out gpu.json]``.

It needs Split MNIST in the named folder, PyTorch, the core and the plugins that are components, and what these import:
numpy, packaging, platformdirs, pydantic, rich, safetensors, scikit-learn, scipy, threadpoolctl, tomli-w and typer, but
neither MLflow nor Optuna. docs/performance.md says how to carry their wheels to a machine without a network. In turn:

- ``captured``: steps captured as CUDA graphs beside plain ones, whose losses must be equal within a tolerance;
- ``networks``: every installed classifier and generator, and every strategy, with the networks that it brings itself;
- ``genovese-2024`` in full, in both precisions;
- ``at-once``: eight runs at once, and eight seeds as one model.

Each item is written to the one file as it ends, with its error where it has one, so that an end in between leaves what
was done. The last lines name all that failed or was not equal, and the exit status is 1 then. Under eight minutes on an
H100 is what it is meant to take; ``--parts`` runs some parts alone, such as one that was mended.
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
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from arguments import errors_told
from torch import nn

from cltk import __version__
from cltk.api import Experiment, Machine, load
from cltk.build import prepare
from cltk.engine import train
from cltk.engine.descent import Descent
from cltk.events import EpochEnded, TaskEnded
from cltk.interfaces import Examples, ScenarioInfo, Shuffled, Streams, Train, Training
from cltk.machine import device_of
from cltk.registry import Plugin, find, installed
from cltk.registry import load as load_plugin
from cltk.runs.runner import execute

GENOVESE = Path(__file__).parents[2] / "experiments" / "genovese-2024.toml"
INFO = ScenarioInfo((1, 28, 28), 10, (5120,), (tuple(range(10)),), "class")
BATCH = 256
EPOCHS = 10
AT_ONCE = 8
TOLERANCE = {"mlp": 1e-3, "vae": 0.05}
"""Of the loss of a captured step, relative to a plain one's; a VAE's noise differs, so that losses only resemble."""
FEW = {"steps": 20}
"""The budget of each phase in which a component is tried."""
QUICK = {"epochs": 1, "min_steps": 0}

Item = Callable[[], dict[str, Any]]
"""One thing to try; what it gives has a ``fault`` where it did not go well."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, help="holds Split MNIST; by default CLTK_DATA_DIR")
    parser.add_argument("--out", type=Path, default=Path("gpu.json"))
    parser.add_argument("--parts", nargs="+", choices=tuple(PARTS), default=tuple(PARTS), metavar="PART")
    parser.add_argument("--device", default="cuda", help="cpu to try this program out")
    parser.add_argument("--small", action="store_true", help="the digits and a hundredth of the work, to try it out")
    arguments = parser.parse_args()
    with errors_told(parser):
        machine = Machine(arguments.device, threads=1, data_dir=arguments.data_dir)
        device = device_of(machine)
        prepare(_genovese(arguments.small), machine)  # What is missing is told now, and not after minutes.
    results: dict[str, Any] = {"machine": _describe(device)}
    for part in arguments.parts:
        results[part] = {}
        for name, item in PARTS[part](machine, arguments.small):
            results[part][name] = _tried(item)
            results["faults"] = _faults(results, arguments.parts)
            arguments.out.write_text(json.dumps(results, indent=1) + "\n")
            shown = {key: value for key, value in results[part][name].items() if key != "traceback"}
            print(f"{part}, {name}: {json.dumps(shown)}", flush=True)
    print(f"Written to {arguments.out}.", *results["faults"] or ["Nothing failed."], sep="\n")
    sys.exit(bool(results["faults"]))


def _tried(item: Item) -> dict[str, Any]:
    """What an item gives, with the seconds that it took; its error, if it fails."""
    started = time.perf_counter()
    try:
        result = item()
    except Exception as error:
        result = {"fault": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
    return result | {"seconds in all": round(time.perf_counter() - started, 1)}


def _faults(results: Mapping[str, Any], parts: Iterable[str]) -> list[str]:
    """What did not go well, a line each."""
    items = [(part, name, item) for part in parts for name, item in results.get(part, {}).items()]
    return [f"{part}, {name}: {item['fault']}" for part, name, item in items if "fault" in item]


def _describe(device: torch.device) -> dict[str, Any]:
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


def _compare_captured(machine: Machine, small: bool) -> Iterator[tuple[str, Item]]:
    """Losses and times of plain steps and of captured ones."""
    phases = {
        "mlp": ("classifier", {"hidden": (400, 400), "dropout": 0.0}),
        "vae": ("generator", {"hidden": (400, 400), "latent_dim": 100}),
    }
    for name, (kind, settings) in phases.items():
        make = partial(_phase, kind, name, device_of(machine), **settings)
        for precision in ("fp32", "bf16"):
            yield f"{name} {precision}", partial(_beside_plain, make, precision, TOLERANCE[name])


def _beside_plain(make: Callable[[], Train], precision: Any, tolerance: float) -> dict[str, Any]:
    phases = make(), make()
    plain, captured = (_train(phase, precision, capture) for phase, capture in zip(phases, ("0", "1"), strict=True))
    difference = abs(captured["loss"] / plain["loss"] - 1)
    times = plain["milliseconds a step"] / captured["milliseconds a step"]
    result = {"plain": plain, "captured": captured, "difference": difference, "times as fast": times}
    if not difference < tolerance:  # So that what is not a number is not taken for equal.
        result["fault"] = f"the loss of captured steps differs by {difference:.2g} of a plain one's"
    elif phases[1].device.type == "cuda" and not captured["graphs"]:
        result["fault"] = "no step was captured"
    return result


def _train(phase: Train, precision: Any, capture: str) -> dict[str, float]:
    os.environ["CLTK_CAPTURE"] = capture
    descent, loss, seconds = Descent(phase, precision), 0.0, []
    for epoch in range(EPOCHS):
        started = time.perf_counter()
        loss = float(descent.epoch(Streams(epoch, device=phase.device)).mean())
        seconds.append(time.perf_counter() - started)
    step = 1e3 * min(seconds) * BATCH / INFO.sizes[0]
    return {"loss": loss, "milliseconds a step": step, "graphs": descent.graphs}


def _try_networks(machine: Machine, small: bool) -> Iterator[tuple[str, Item]]:
    """Every classifier and generator in generative replay, and every strategy, on the digits."""
    for kind in ("classifier", "generator", "strategy"):
        for plugin in installed(kind):
            yield f"{kind} {plugin.qualified}", partial(_learn_digits, plugin, machine)


def _learn_digits(plugin: Plugin, machine: Machine) -> dict[str, Any]:
    """A few steps of each phase, in the precision that is the faster one."""
    is_strategy = plugin.kind == "strategy"
    strategy = plugin if is_strategy else find("strategy", "generative-replay")
    fields = load_plugin(strategy).Config.model_fields
    budgets = {name: FEW for name, field in fields.items() if isinstance(field.get_default(), Training)}
    others = {} if is_strategy else {plugin.kind: plugin.qualified}
    experiment = load(scenario="split-digits", strategy={"name": strategy.qualified, **budgets}, **others)
    run = prepare(experiment, replace(machine, precision="auto")).assemble(seed=0)
    events = list(train(run))
    seconds = sum(event.seconds for event in events if isinstance(event, EpochEnded))
    accuracy = [fmean(event.accuracy) for event in events if isinstance(event, TaskEnded)][-1]
    result: dict[str, Any] = {"precision": run.precision, "accuracy": accuracy, "seconds of training": seconds}
    strays = [name for name, network in run.strategy.networks.items() if not _is_on(run.streams.device, network)]
    return result | ({"fault": f"not on the device: {', '.join(strays)}"} if strays else {})


def _is_on(device: torch.device, network: nn.Module) -> bool:
    return {parameter.device.type for parameter in network.parameters()} <= {device.type}


def _genovese(small: bool) -> Experiment:
    less = {"scenario": "split-digits", "strategy__classifier": QUICK, "strategy__generator": QUICK}
    return load(GENOVESE, **less if small else {})


def _run_genovese(machine: Machine, small: bool) -> Iterator[tuple[str, Item]]:
    """One seed, in both precisions."""
    for precision in ("fp32", "auto"):
        yield precision, partial(_run_whole, _genovese(small), replace(machine, precision=precision))


def _run_whole(experiment: Experiment, machine: Machine) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as store:
        record = execute(prepare(experiment, machine), 0, Path(store))
    result = {"precision": record.precision, "accuracy": record.final_accuracy, "seconds": record.seconds}
    return result | ({} if record.status == "finished" else {"fault": record.error or record.status})


def _run_at_once(machine: Machine, small: bool) -> Iterator[tuple[str, Item]]:
    """One run, eight commands at once, and eight seeds as one model: what one run leaves unused."""
    count = 2 if small else AT_ONCE
    command = [sys.executable, "-m", "cltk", "run", "--device", machine.device, "--sink", "none", "--quiet"]
    command += ["--scenario", "split-digits" if small else "split-mnist"]
    for network in ("classifier", "generator"):
        command += [f"--strategy.{network}.epochs", "1" if small else "5", f"--strategy.{network}.min-steps", "0"]
    command += ["--data-dir", str(machine.data_dir)] if machine.data_dir else []
    yield "1", partial(_time_commands, [[*command, "--seeds", "0"]])
    yield str(count), partial(_time_commands, [[*command, "--seeds", str(seed)] for seed in range(count)])
    yield f"{count} together", partial(_time_commands, [[*command, "--seeds", f"0..{count - 1}", "--together"]])


def _time_commands(commands: list[list[str]]) -> dict[str, Any]:
    """Seconds that commands take at once."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        streams: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        runs = [subprocess.Popen([*each, "--store", folder], **streams) for each in commands]
        said = [run.communicate()[1].strip() for run in runs]
        seconds = round(time.perf_counter() - started, 1)
    failed = [words for run, words in zip(runs, said, strict=True) if run.returncode]
    fault = f"{len(failed)} of {len(commands)} commands failed; the first: {failed[0]}" if failed else None
    return {"seconds": seconds} | ({"fault": fault} if fault else {})


PARTS: Mapping[str, Callable[[Machine, bool], Iterator[tuple[str, Item]]]] = {
    "captured": _compare_captured,
    "networks": _try_networks,
    "genovese-2024": _run_genovese,
    "at-once": _run_at_once,
}


if __name__ == "__main__":
    main()
