"""Real, mean and drawn images one below the other: ``python experiments/mean_and_drawn.py RUN_ID --out FILE.png``.

A decoder gives a probability for each pixel. As an image, these probabilities are the mean of many images, and blurred;
pixels drawn with them are as sharp as real ones, and noisy.
"""

from __future__ import annotations

from pathlib import Path

import torch
from matplotlib.figure import Figure

from cltk.interfaces import draw_pixels
from cltk.runs.restoring import Restored
from cltk_figures.style import save
from trained import examples_of, parser_of, restore, told

SHOWN = 16
"""Images in a row."""


def rows_of(trained: Restored) -> dict[str, torch.Tensor]:
    """Test images, the generator's samples, and the same samples with pixels drawn: (SHOWN, 1, H, W) each."""
    test = examples_of(trained.record)
    chosen = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))[:SHOWN]
    mean = trained.sample(SHOWN).cpu()
    drawn = draw_pixels(mean, torch.Generator().manual_seed(0))
    return {"real": test.x[chosen], "mean": mean, "drawn": drawn}


def draw(rows: dict[str, torch.Tensor]) -> Figure:
    """A picture with a row for each kind of image."""
    figure = Figure(figsize=(SHOWN / 2, len(rows) / 2), layout="constrained")
    for axes, (name, images) in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows.items(), strict=True):
        axes.imshow(torch.cat(list(images[:, 0]), dim=1).numpy(), cmap="gray_r", vmin=0, vmax=1)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_ylabel(name)
    return figure


def main() -> None:
    """Writes the picture."""
    parser = parser_of(__doc__)
    parser.add_argument("run", help="id of a run that is finished, with a generator")
    parser.add_argument("--out", type=Path, default=Path("mean-and-drawn.png"))
    arguments = parser.parse_args()
    save(draw(rows_of(restore(arguments.run, arguments.store, samples=True))), arguments.out)


if __name__ == "__main__":
    with told():
        main()
