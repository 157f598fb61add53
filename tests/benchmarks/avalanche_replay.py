"""Generative replay in Avalanche, for ``peers.py``: run by the Python of an environment that has Avalanche.

As its documentation shows it: SplitMNIST, the strategy GenerativeReplay, and a VAE in VAETraining with the replay
plugin; but with the networks, the likelihood and the batches of ours. Prints seconds of training, and the accuracy.
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from statistics import fmean

import torch
import torch.nn.functional as F
from avalanche.benchmarks import SplitMNIST
from avalanche.evaluation.metrics import accuracy_metrics
from avalanche.models.generator import Generator
from avalanche.training.plugins import EvaluationPlugin, GenerativeReplayPlugin
from avalanche.training.supervised import GenerativeReplay, VAETraining
from torch import Tensor, nn

PIXELS, SIDE = 784, 28
BATCH = 128


class VAE(Generator, nn.Module):
    """The pixels to hidden layers to latent variables, and back."""

    def __init__(self, hidden: list[int], latent: int) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = _perceptron(PIXELS, *hidden, 2 * latent)
        self.decoder = _perceptron(latent, *reversed(hidden), PIXELS)

    def get_features(self, x: Tensor) -> Tensor:
        """What Avalanche wants of a generator; not used here."""
        return self.encoder(x.flatten(1))

    def generate(self, batch_size: int | None = None, condition: object = None) -> Tensor:
        """Draws images."""
        with torch.no_grad():
            return self.decoder(torch.randn(batch_size or 1, self.latent)).sigmoid().view(-1, 1, SIDE, SIDE)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of the pixels, mean and log-variance."""
        mean, log_variance = self.encoder(x.flatten(1)).chunk(2, dim=1)
        return self.decoder(mean + torch.randn_like(mean) * (0.5 * log_variance).exp()), mean, log_variance


def _perceptron(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _classifier(hidden: list[int]) -> nn.Module:
    groups = [(nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.1)) for a, b in pairwise((PIXELS, *hidden))]
    return nn.Sequential(nn.Flatten(), *(layer for group in groups for layer in group), nn.Linear(hidden[-1], 10))


def _loss(x: Tensor, output: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    logits, mean, log_variance = output
    likelihood = F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="sum")
    divergence = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
    return (likelihood + divergence) / len(x)


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
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    benchmark = SplitMNIST(
        n_experiences=5, fixed_class_order=list(range(10)), dataset_root=arguments.folder, return_task_id=False,
        train_transform=None, eval_transform=None,
    )  # fmt: skip
    generator, classifier = VAE(arguments.generator, arguments.latent), _classifier(arguments.classifier)
    budget = {"train_mb_size": BATCH, "train_epochs": arguments.epochs, "eval_mb_size": 1000}
    silent = EvaluationPlugin(accuracy_metrics(experience=True), loggers=[])
    painter = VAETraining(
        model=generator, optimizer=_adam(generator), criterion=_loss, evaluator=EvaluationPlugin(loggers=[]),
        plugins=[GenerativeReplayPlugin()], **budget,
    )  # fmt: skip
    strategy = GenerativeReplay(
        model=classifier, optimizer=_adam(classifier), generator_strategy=painter, evaluator=silent, **budget
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
