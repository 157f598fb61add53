"""Building, training and questioning a network under test, be it a generator or a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from cltk.engine import Run, train
from cltk.interfaces import (
    Classifier,
    Examples,
    Generator,
    IncrementalSetting,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Streams,
    Train,
    Training,
    classification_loss,
)
from cltk.testing.outcome import Outcome
from cltk.testing.sequences import SHAPES, batch_of, info_of, settings_taken, tasks_of
from cltk.testing.standins import Learn, Perceptron
from cltk.testing.subject import Subject

__all__ = [
    "BATCH",
    "Network",
    "begun",
    "build",
    "exercise",
    "info_for",
    "learn",
    "observed",
    "phase_loss",
    "plain_loss",
    "ready",
    "rng_of",
    "settings_of",
    "state_of",
    "taught_by",
]

Network = Generator | Classifier

BATCH = 7
"""Odd, and not 1, so that no dimension of an image or a network is taken for it."""


@lru_cache(maxsize=8)
def settings_of(subject: Subject) -> Sequence[IncrementalSetting]:
    """The settings that it can be built for."""
    return settings_taken(subject.build)


def info_for(subject: Subject, shape: tuple[int, int, int] = SHAPES[0]) -> ScenarioInfo:
    """What the scenario of a network says of itself, in the first setting that it can be built for."""
    return info_of(shape, settings_of(subject)[0])


def build(subject: Subject) -> Network:
    """A new network."""
    network: Network = subject.build(info_for(subject))
    return network


def begun(subject: Subject, info: ScenarioInfo, seed: int = 0) -> Network:
    """A new network that has heard of the last task, the one that it is tried on: it may have grown for it."""
    network: Network = subject.build(info, seed=seed)
    with Streams(seed).scope("begin"):
        network.begin_task(info.classes[-1])
    return network


def ready(subject: Subject, info: ScenarioInfo) -> Network:
    """A new network that can be asked: taught by its phase, if that is no gradient descent; else untrained."""
    network = begun(subject, info)
    if taught_by(network, info) == "phase":
        learn(network, info)
    return network


def taught_by(network: Network, info: ScenarioInfo) -> Literal["descent", "phase", "strategy"]:
    """What teaches it: gradient descent on its loss, a phase of its own, or its strategy alone.

    The last is so where no parameter asks for a gradient.
    """
    if isinstance(network, Generator) and not isinstance(_phase(network, batch_of(info, BATCH)), Train):
        return "phase"
    return "descent" if any(parameter.requires_grad for parameter in network.parameters()) else "strategy"


def learn(network: Network, info: ScenarioInfo) -> None:
    """Has the engine train it on the last task, for a few dozen steps; does nothing where its strategy alone can."""
    if taught_by(network, info) == "strategy":
        return
    streams = Streams(0)
    if isinstance(network, Generator):
        with streams.scope("init", "classifier"):
            classifier = Perceptron(Perceptron.Config(), info)
        parts = Parts({"classifier": classifier, "generator": network})
    else:
        parts = Parts({"classifier": network})
    strategy = Learn(Learn.Config(), info, parts)
    for _ in train(Run(info, [tasks_of(info)[-1]], strategy, streams)):
        pass


def observed(network: Network, info: ScenarioInfo, device: str = "cpu") -> Outcome:
    """What it answers in evaluation mode."""
    batch, training = batch_of(info, BATCH).to(torch.device(device)), network.training
    network.eval()
    try:
        if isinstance(network, Classifier):
            return {"logits": network(batch.x).detach()}
        loss = network.loss(batch.x, batch.y, rng_of(0, device))
        return {"loss": loss.detach(), "sample": network.sample(BATCH, rng_of(1, device)).detach()}
    finally:
        network.train(training)


def plain_loss(network: Network, batch: Examples) -> Tensor:
    """The loss of each sample in the mode that the network is in, (B,)."""
    if isinstance(network, Classifier):
        return classification_loss(network(batch.x), batch)
    return network.loss(batch.x, batch.y, rng_of(0))


def phase_loss(network: Network, batch: Examples, rng: torch.Generator) -> Tensor:
    """The loss that the engine would descend, (B,)."""
    if isinstance(network, Classifier):
        return classification_loss(network(batch.x), batch)
    phase = _phase(network, batch)
    assert isinstance(phase, Train)
    return phase.loss(batch, rng)


def exercise(subject: Subject) -> Outcome:
    """All that is random in the life of a network: its beginning, its training and its answers."""
    info = info_for(subject)
    network = ready(subject, info)
    first = {f"initial {name}": value for name, value in (state_of(network) | observed(network, info)).items()}
    learn(network, info)
    last = {f"trained {name}": value for name, value in (state_of(network) | observed(network, info)).items()}
    return first | last


def state_of(network: Network) -> dict[str, Tensor]:
    """A copy of its parameters and buffers."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def rng_of(seed: int, device: str = "cpu") -> torch.Generator:
    """A new stream."""
    return torch.Generator(device).manual_seed(seed)


def _phase(generator: Generator, batch: Examples) -> Phase | None:
    """The first one; None where it has nothing left to learn."""
    return next(generator.phases(Shuffled(batch, len(batch)), Training()), None)
