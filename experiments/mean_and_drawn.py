"""Real, mean and drawn images one below the other: ``python experiments/mean_and_drawn.py RUN_ID --out FILE.png``.

A decoder gives a probability for each pixel. As an image, these probabilities are the mean of many images, and blurred;
pixels drawn with them are as sharp as real ones, and noisy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure

from cltk.build import prepare
from cltk.interfaces import Examples, draw_pixels
from cltk.runs.repeat import experiment_of
from cltk.runs.restoring import Restored, restore
from cltk_figures.style import save

SHOWN = 16
"""Images in a row."""


def rows_of(trained: Restored) -> dict[str, torch.Tensor]:
    """Test images, the generator's samples, and the same samples with pixels drawn: (SHOWN, 1, H, W) each."""
    test = Examples.concat([task.test for task in prepare(experiment_of(trained.record)).tasks])
    chosen = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))[:SHOWN]
    mean = trained.sample(SHOWN).cpu()
    drawn = draw_pixels(mean, torch.Generator().manual_seed(0))
    return {"real": test.x[chosen], "mean": mean, "drawn": drawn}


def draw(rows: dict[str, torch.Tensor]) -> Figure:
    """A picture with a row for each kind of image."""
    figure = Figure(figsize=(SHOWN / 2, len(rows) / 2), layout="constrained")
    for axes, (name, images) in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows.items(), strict=True):
        axes.imshow(torch.cat(list(images[:, 0]), dim=1), cmap="gray_r", vmin=0, vmax=1)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_ylabel(name)
    return figure


def main() -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="id of a run that is finished, with a generator")
    parser.add_argument("--store", type=Path, default=Path("runs"))
    parser.add_argument("--out", type=Path, default=Path("mean-and-drawn.png"))
    arguments = parser.parse_args()
    save(draw(rows_of(restore(arguments.run, arguments.store))), arguments.out)


if __name__ == "__main__":
    main()
