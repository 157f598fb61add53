"""Is a generator memory in disguise? ``python experiments/nearest_images.py RUN_ID ...``.

Prints how far generated samples are from their nearest training images, beside how far test images are: a generator
that stored what it saw would be nearer. Distances are Euclidean, over pixels in [0, 1]. Samples are probabilities of
their pixels, which are smoother than any image and so nearer to all of them: the last rows draw pixels on both sides.
"""

from __future__ import annotations

import torch
from torch import Tensor

from cltk.interfaces import draw_pixels
from trained import examples_of, parser_of, restore, told

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
    parser = parser_of(__doc__)
    parser.add_argument("runs", nargs="+", help="ids of runs that are finished, with a generator")
    parser.add_argument("--samples", type=int, default=2000)
    arguments = parser.parse_args()
    for run_id in arguments.runs:
        trained = restore(run_id, arguments.store, samples=True)
        training, test = examples_of(trained.record, "train").x, examples_of(trained.record).x
        rng = torch.Generator().manual_seed(0)
        test = test[torch.randperm(len(test), generator=rng)[: arguments.samples]]
        generated = trained.sample(arguments.samples)
        print(f"{run_id}, grey:  generated {quantiles(nearest(generated, training))}")
        print(f"{run_id}, grey:  test      {quantiles(nearest(test, training))}")
        drawn = draw_pixels(training, rng)
        print(f"{run_id}, drawn: generated {quantiles(nearest(draw_pixels(generated, rng), drawn))}")
        print(f"{run_id}, drawn: test      {quantiles(nearest(draw_pixels(test, rng), drawn))}")


if __name__ == "__main__":
    with told():
        main()
