"""How often an old class is called new, as a function of blur: ``python experiments/old_called_new.py RUN_ID ...``.

The explanation to be tested: mean images are blurred and real ones are not, so that a classifier that replays them
learns "blurred means old", and calls sharp images of old classes new. If so, blurring test images of old classes brings
them back where mean images were replayed, and nowhere else. Runs are those of a store, such as of ``cltk ablate
experiments/beyond-ablation.toml``.
"""

from __future__ import annotations

import torch
from torchvision.transforms.functional import gaussian_blur

from cltk.interfaces import Examples, draw_pixels
from cltk.runs.restoring import Restored
from trained import examples_of, parser_of, restore, told

BLURS = (0.0, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Standard deviations of the Gaussian, in pixels."""


def called_new(trained: Restored, examples: Examples, x: torch.Tensor) -> float:
    """The share of images of old classes, shown as ``x``, that are called one of the classes of the last task."""
    new = torch.tensor(trained.record.classes[-1])
    predictions = trained.predict(x[~torch.isin(examples.y, new)]).argmax(1)
    return float(torch.isin(predictions, new).float().mean())


def looks(x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same images, blurred more and more, and with pixels that are drawn."""
    blurred = {
        f"blur {sigma:.2f}": gaussian_blur(x, [2 * round(3 * sigma) + 1] * 2, [sigma] * 2) if sigma else x
        for sigma in BLURS
    }
    return blurred | {"drawn": draw_pixels(x, torch.Generator().manual_seed(0))}


def main() -> None:
    """Prints a line for each run."""
    parser = parser_of(__doc__)
    parser.add_argument("runs", nargs="+", help="ids of runs that are finished")
    arguments = parser.parse_args()
    for run_id in arguments.runs:
        trained = restore(run_id, arguments.store)
        test = examples_of(trained.record)
        shares = {name: called_new(trained, test, x) for name, x in looks(test.x).items()}
        images = trained.record.config["strategy"].get("replay", {}).get("images", "none")
        print(f"{run_id} (replay: {images}): " + ", ".join(f"{name} {share:.3f}" for name, share in shares.items()))


if __name__ == "__main__":
    with told():
        main()
