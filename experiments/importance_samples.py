"""Do 50 importance samples do for the generative classifier? ``python experiments/importance_samples.py RUN_ID ...``.

Its paper (van de Ven, Li & Tolias 2021, arXiv 2104.10093) takes 10,000, which is 150 TFLOP for all test images. Each
run's networks classify the same 1,000 test images, evenly drawn, with each number of samples; nothing is trained.
"""

from __future__ import annotations

import torch

from cltk.engine import load_state, state_of
from cltk.interfaces import Examples, Strategy
from cltk.runs.restoring import Restored
from trained import examples_of, parser_of, restore, told

SAMPLES = (1, 10, 50, 10_000)
IMAGES = 1000


def with_samples(trained: Restored, count: int) -> Strategy:
    """The same networks, compared by likelihoods of so many importance samples."""
    first = trained.strategy
    strategy = type(first)(first.config.model_copy(update={"samples": count}), trained.info, first.parts)
    load_state(strategy, state_of(first))
    return strategy


def accuracy(strategy: Strategy, examples: Examples) -> float:
    """The share of the examples that are called what they are."""
    return float((strategy.predict(examples.x).argmax(1) == examples.y).float().mean())


def main() -> None:
    """Prints a line for each run."""
    parser = parser_of(__doc__)
    parser.add_argument("runs", nargs="+", help="ids of finished runs of generative-classifier")
    arguments = parser.parse_args()
    for run_id in arguments.runs:
        trained = restore(run_id, arguments.store, strategy="generative-classifier")
        test = examples_of(trained.record)
        chosen = test[torch.randperm(len(test), generator=torch.Generator().manual_seed(0))[:IMAGES]]
        found = (f"{count:,} {accuracy(with_samples(trained, count), chosen):.3f}" for count in SAMPLES)
        print(f"{run_id}, by importance samples: {', '.join(found)}")


if __name__ == "__main__":
    with told():
        main()
