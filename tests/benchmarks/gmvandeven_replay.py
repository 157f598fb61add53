"""Generative replay in a checkout of GMvandeVen/continual-learning, for ``iterations.py``.

Their own loop over the first two tasks of class-incremental Split MNIST, from their own loader, with the networks and
optimizers that their ``main.py`` makes by default for ``--experiment=splitMNIST --scenario=class --replay=generative``.
Nothing is logged or evaluated: the only call-back counts iterations. In the second task it prints the seconds of an
iteration after so many of them, and waits for a line before it goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys

import torch
from peak import seconds

TURN = 50
"""Iterations between two lines."""
LR = 1e-3


class Turns:
    """The call-back."""

    def __init__(self) -> None:
        self._started = 0.0

    def __call__(self, progress: object, iteration: int, losses: object, context: int) -> None:
        """Ends a turn after the last of its iterations; the first one is for warming up."""
        if context != 2 or iteration % TURN:
            return
        taken = (seconds() - self._started) / TURN
        if iteration > TURN:
            print(taken, flush=True)
            sys.stdin.readline()
        self._started = seconds()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("checkout")
    parser.add_argument("data", help="holds MNIST/MNIST/raw, unpacked")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--turns", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    sys.path.insert(0, arguments.checkout)
    from data.load import get_context_set
    from models.classifier import Classifier
    from models.vae import VAE
    from train.train_task_based import train_cl

    (tasks, _), config = get_context_set("splitMNIST", "class", 5, data_dir=arguments.data)
    image = {"image_size": config["size"], "image_channels": config["channels"]}
    layers = {"fc_layers": 3, "fc_units": 400, "fc_bn": False, "excit_buffer": True}
    classifier = Classifier(**image, **layers, classes=config["output_units"])
    generator = VAE(**image, **layers, z_dim=100)
    for network in (classifier, generator):
        network.optimizer = torch.optim.Adam(network.parameters(), lr=LR, betas=(0.9, 0.999))
        network.optim_type = "adam"
    classifier.scenario, classifier.neg_samples = "class", "all-so-far"
    classifier.classes_per_context = config["classes_per_context"]
    classifier.replay_mode, classifier.replay_targets = "generative", "hard"
    iterations = (1 + arguments.turns) * TURN
    with contextlib.redirect_stderr(io.StringIO()):  # Their progress bars.
        train_cl(
            classifier, tasks[:2], iters=iterations, batch_size=128,
            generator=generator, gen_iters=iterations, gen_loss_cbs=[Turns()],
        )  # fmt: skip


if __name__ == "__main__":
    main()
