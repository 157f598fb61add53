"""Generative replay in Avalanche, for ``peers.py``: run by the Python of an environment that has Avalanche.

The strategy GenerativeReplay on SplitMNIST, and a VAE in VAETraining with the replay plugin, with the networks and the
batches of ours. As Avalanche's example of it has them are the normalised images, the VAE's loss, the metrics of each
batch and the log; ``--spared`` leaves all these out, for our likelihood and flushed denormals. Prints seconds of
training, and the accuracy.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import fmean

import torch
import torch.nn.functional as F
from avalanche.benchmarks import SplitMNIST
from avalanche.evaluation.metrics import accuracy_metrics, forgetting_metrics, loss_metrics
from avalanche.logging import InteractiveLogger
from avalanche.models.generator import Generator, VAE_loss
from avalanche.training.plugins import EvaluationPlugin, GenerativeReplayPlugin
from avalanche.training.supervised import GenerativeReplay, VAETraining
from torch import Tensor, nn

Loss = Callable[[Tensor, tuple[Tensor, Tensor, Tensor]], Tensor]

PIXELS, SIDE = 784, 28
MEAN, DEVIATION = 0.1307, 0.3081
"""Of MNIST's pixels, as Avalanche normalises them."""
BATCH = 128


class VAE(Generator, nn.Module):
    """The pixels to hidden layers to latent variables, and back."""

    def __init__(self, hidden: list[int], latent: int, normalised: bool) -> None:
        super().__init__()
        self.latent = latent
        self.normalised = normalised
        self.encoder = _perceptron(PIXELS, *hidden, 2 * latent)
        self.decoder = _perceptron(latent, *reversed(hidden), PIXELS)

    def get_features(self, x: Tensor) -> Tensor:
        """What Avalanche wants of a generator; not used here."""
        return self.encoder(x.flatten(1))

    def generate(self, batch_size: int | None = None, condition: object = None) -> Tensor:
        """Draws images."""
        with torch.no_grad():
            return self._image(self.decoder(torch.randn(batch_size or 1, self.latent)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised images or else logits of the pixels, mean and log-variance."""
        mean, log_variance = self.encoder(x.flatten(1)).chunk(2, dim=1)
        logits = self.decoder(mean + torch.randn_like(mean) * (0.5 * log_variance).exp())
        return self._image(logits) if self.normalised else logits, mean, log_variance

    def _image(self, logits: Tensor) -> Tensor:
        image = logits.sigmoid().view(-1, 1, SIDE, SIDE)
        return (image - MEAN) / DEVIATION if self.normalised else image


def _perceptron(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _classifier(hidden: list[int]) -> nn.Module:
    groups = [(nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.1)) for a, b in pairwise((PIXELS, *hidden))]
    return nn.Sequential(nn.Flatten(), *(layer for group in groups for layer in group), nn.Linear(hidden[-1], 10))


def _bernoulli_loss(x: Tensor, output: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    logits, mean, log_variance = output
    likelihood = F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="sum")
    divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
    return (likelihood + divergence) / len(x)


def _as_the_example() -> tuple[Loss, dict[str, EvaluationPlugin], EvaluationPlugin]:
    """The VAE's loss, and what is measured and logged of the VAE, by default, and of the classifier."""
    everywhere = {"minibatch": True, "epoch": True, "experience": True, "stream": True}
    metrics = (accuracy_metrics(**everywhere), loss_metrics(**everywhere), forgetting_metrics(experience=True))
    return VAE_loss, {}, EvaluationPlugin(*metrics, loggers=[InteractiveLogger()])


def _spared() -> tuple[Loss, dict[str, EvaluationPlugin], EvaluationPlugin]:
    """The same, with nothing logged and only the accuracy measured."""
    silent = EvaluationPlugin(accuracy_metrics(experience=True), loggers=[])
    return _bernoulli_loss, {"evaluator": EvaluationPlugin(loggers=[])}, silent


def _adam(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(module.parameters(), lr=1e-3, weight_decay=1e-5)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", help="holds MNIST/raw, unpacked")
    parser.add_argument("--classifier", type=int, nargs="+", required=True, help="its hidden layers")
    parser.add_argument("--generator", type=int, nargs="+", required=True, help="its encoder's hidden layers")
    parser.add_argument("--latent", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--spared", action="store_true", help="leave out what the networks do not need")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    torch.set_flush_denormal(arguments.spared)
    transforms = {"train_transform": None, "eval_transform": None} if arguments.spared else {}
    order = {"fixed_class_order": list(range(10)), "return_task_id": False}
    benchmark = SplitMNIST(5, dataset_root=arguments.folder, **order, **transforms)
    generator = VAE(arguments.generator, arguments.latent, normalised=not arguments.spared)
    classifier = _classifier(arguments.classifier)
    budget = {"train_mb_size": BATCH, "train_epochs": arguments.epochs, "eval_mb_size": 1000}
    likelihood, painters, classifiers = _spared() if arguments.spared else _as_the_example()
    painter = VAETraining(
        generator, _adam(generator), criterion=likelihood, plugins=[GenerativeReplayPlugin()], **painters, **budget
    )
    strategy = GenerativeReplay(
        model=classifier, optimizer=_adam(classifier), generator_strategy=painter, evaluator=classifiers, **budget
    )
    started = time.perf_counter()
    for experience in benchmark.train_stream:
        strategy.train(experience)
    seconds = time.perf_counter() - started
    results = strategy.eval(benchmark.test_stream)
    accuracies = [value for name, value in results.items() if name.startswith("Top1_Acc_Exp/eval_phase")]
    print(json.dumps({"seconds": seconds, "accuracy": fmean(accuracies)}))


if __name__ == "__main__":
    main()
