"""Is a generator memory in disguise? ``python experiments/nearest_images.py RUN_ID ...``.

Prints how far generated samples are from their nearest training images, beside how far test images are: a generator
that stored what it saw would be nearer. Distances are Euclidean, over pixels in [0, 1]. Samples are probabilities of
their pixels, which are smoother than any image and so nearer to all of them: the last rows draw pixels on both sides.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from cltk.build import prepare
from cltk.interfaces import Examples, draw_pixels
from cltk.runs.repeat import experiment_of
from cltk.runs.restoring import restore

SHARES = (0.01, 0.1, 0.5, 0.9)


def nearest(x: Tensor, training: Tensor) -> Tensor:
    """The distance of each image (N, C, H, W) to its nearest one of the training images, (N,)."""
    flat = training.flatten(1)
    return torch.cat([torch.cdist(part.flatten(1), flat).min(1).values for part in x.split(500)])


def quantiles(distances: Tensor) -> str:
    """How small some shares of the distances are."""
    found = distances.quantile(torch.tensor(SHARES))
    return ", ".join(f"{share:.0%} below {value:.2f}" for share, value in zip(SHARES, found.tolist(), strict=True))


def main() -> None:
    """Prints four lines for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="ids of runs that are finished, with a generator")
    parser.add_argument("--store", type=Path, default=Path("runs"))
    parser.add_argument("--samples", type=int, default=2000)
    arguments = parser.parse_args()
    for run_id in arguments.runs:
        trained = restore(run_id, arguments.store)
        tasks = prepare(experiment_of(trained.record)).tasks
        training, test = (Examples.concat([getattr(task, part) for task in tasks]).x for part in ("train", "test"))
        rng = torch.Generator().manual_seed(0)
        test = test[torch.randperm(len(test), generator=rng)[: arguments.samples]]
        generated = trained.sample(arguments.samples)
        print(f"{run_id}, grey:  generated {quantiles(nearest(generated, training))}")
        print(f"{run_id}, grey:  test      {quantiles(nearest(test, training))}")
        drawn = draw_pixels(training, rng)
        print(f"{run_id}, drawn: generated {quantiles(nearest(draw_pixels(generated, rng), drawn))}")
        print(f"{run_id}, drawn: test      {quantiles(nearest(draw_pixels(test, rng), drawn))}")


if __name__ == "__main__":
    main()
