"""Building, training and questioning a network under test, be it a generator or a classifier."""

from __future__ import annotations

import torch
from torch import Tensor

from cltk.engine import Run, train
from cltk.interfaces import (
    Classifier,
    Examples,
    Fit,
    Generator,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Streams,
    Training,
    classification_loss,
)
from cltk.testing.outcome import Outcome
from cltk.testing.sequences import batch_of, info_of, tasks_of
from cltk.testing.standins import Learn, Perceptron
from cltk.testing.subject import Subject

__all__ = [
    "Network",
    "exercise",
    "is_fitted",
    "learn",
    "observed",
    "phase_loss",
    "plain_loss",
    "ready",
    "rng_of",
    "state_of",
]

Network = Generator | Classifier

BATCH = 7
"""Odd, and not 1, so that no dimension of an image or a network is taken for it."""


def ready(subject: Subject, info: ScenarioInfo, seed: int = 0) -> Network:
    """A new network that can be asked: fitted, if it is of the kind that is fitted; else untrained."""
    network: Network = subject.build(info, seed=seed)
    if is_fitted(network, info):
        learn(network, info)
    return network


def is_fitted(network: Network, info: ScenarioInfo) -> bool:
    """Whether it learns in one go instead of by gradient descent."""
    return isinstance(network, Generator) and isinstance(_phase(network, batch_of(info, BATCH)), Fit)


def learn(network: Network, info: ScenarioInfo, task: int = -1) -> None:
    """Has the engine train it on one task, for a few dozen steps."""
    streams = Streams(0)
    if isinstance(network, Generator):
        with streams.scope("init", "classifier"):
            classifier = Perceptron(Perceptron.Config(), info)
        parts = Parts({"classifier": classifier, "generator": network})
    else:
        parts = Parts({"classifier": network})
    strategy = Learn(Learn.Config(), info, parts)
    for _ in train(Run(info, [tasks_of(info)[task]], strategy, streams)):
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
    assert not isinstance(phase, Fit)
    return phase.loss(batch, rng)


def exercise(subject: Subject) -> Outcome:
    """All that is random in the life of a network: its beginning, its training and its answers."""
    info = info_of()
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


def _phase(generator: Generator, batch: Examples) -> Phase:
    return generator.phase(Shuffled(batch, len(batch)), Training())
