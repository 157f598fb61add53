"""Where a generator is worth its bytes: ``python experiments/accuracy_and_bytes.py --store STORE``.

Prints a table of a study's cells, such as those of ``cltk ablate experiments/beyond-bytes.toml``, and draws a figure:
accuracy in the end against the bytes of all that is needed to go on after the last task. These are weights, priors and
statistics, stored images and their labels, with the classifier and without it; what a seed draws again is free for
every method. Stored images are counted raw, a byte a pixel and eight a label, and as LZMA compresses as many training
images together, without loss, with a byte a label.
"""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

import cltk_studies
from cltk.errors import ConfigError
from cltk.record import Record
from cltk.runs.summary import Estimate, estimate
from cltk_figures.style import save
from trained import examples_of, parser_of, told


@dataclass(frozen=True)
class Point:
    """A cell: accuracy against bytes.

    Attributes:
        family: The method, whose sizes are one line of the figure.
        cell: The name of the cell.
        accuracy: In the end, over the seeds.
        bytes: All that is kept.
        classifier: Of that, the classifier.
        saved: What compressing the stored images and their labels saves.
    """

    family: str
    cell: str
    accuracy: Estimate
    bytes: int
    classifier: int
    saved: int


def family_of(record: Record) -> str:
    """The method of a run, whatever its size."""
    strategy, generator = record.config["strategy"], record.config.get("generator") or {}
    if generator.get("name") == "class-vae":
        return f"frozen decoders, {generator.get('bits', 32)} bits"
    images = strategy.get("images") or strategy.get("replay", {}).get("images")
    return f"{strategy['name']}, drawn" if images == "drawn" else str(strategy["name"])


def compressed(images: torch.Tensor) -> int:
    """Bytes of images (n, C, H, W) in [0, 1], a byte a pixel, when they are compressed together."""
    pixels = (images * 255).round().to(torch.uint8)
    return len(lzma.compress(pixels.numpy().tobytes(), preset=9 | lzma.PRESET_EXTREME))


def point_of(cell: str, records: Sequence[Record], images: torch.Tensor) -> Point:
    """A cell, by its finished runs."""
    kept = records[0].bytes
    stored = images[: records[0].config["strategy"].get("buffer", 0)]
    smallest = compressed(stored) + len(stored) if len(stored) else 0
    return Point(
        family_of(records[0]),
        cell,
        estimate([record.final_accuracy for record in records]),
        kept["total"],
        kept.get("classifier", 0),
        kept.get("buffer", 0) - smallest,
    )


def to_markdown(points: Sequence[Point]) -> str:
    """A line for each cell, those that need the fewest bytes first."""
    lines = ["| cell | final average accuracy | seeds | bytes | without the classifier | that, compressed |"]
    lines.append("|---|---|---|---|---|---|")
    for point in sorted(points, key=lambda point: point.bytes - point.classifier):
        interval = "" if point.accuracy.ci95 is None else f" ± {point.accuracy.ci95:.3f}"
        without = point.bytes - point.classifier
        small = f"{without - point.saved:,}" if point.saved else ""
        accuracy = f"{point.accuracy.mean:.3f}{interval}"
        lines.append(f"| {point.cell} | {accuracy} | {point.accuracy.n} | {point.bytes:,} | {without:,} | {small} |")
    return "\n".join(lines)


def draw(points: Sequence[Point]) -> Figure:
    """Accuracy against bytes without the classifier and with it, a line for each method; hollow where compressed.

    Intervals are shown from three seeds on: those of two are wider than the figure.
    """
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    families = list(dict.fromkeys(point.family for point in points))
    colours = colormaps["tab20"].colors  # type: ignore[attr-defined]
    for axes, label, classifier in zip(panels, ("without the classifier", "with it"), (0, 1), strict=True):
        for family, colour in zip(families, colours, strict=False):
            own = sorted((point for point in points if point.family == family), key=lambda point: point.bytes)
            kept = [point.bytes - (0 if classifier else point.classifier) for point in own]
            means = [point.accuracy.mean for point in own]
            errors = [(point.accuracy.ci95 or 0) if point.accuracy.n > 2 else 0 for point in own]
            axes.errorbar(
                kept, means, errors, fmt="o-", markersize=4, capsize=2, linewidth=1, label=family, color=colour
            )
            if any(point.saved for point in own):
                small = [size - point.saved for size, point in zip(kept, own, strict=True)]
                axes.plot(small, means, "o:", color=colour, markersize=4, markerfacecolor="none")
        axes.set(xscale="log", xlabel=f"bytes to go on, {label}")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        axes.xaxis.set_major_formatter(EngFormatter("B", sep=" "))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("final average accuracy")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    return figure


def main() -> None:
    """Prints the table and writes the figure."""
    parser = parser_of(__doc__)
    parser.add_argument("--study", default="beyond-bytes")
    parser.add_argument("--out", type=Path, default=Path("accuracy-and-bytes.png"))
    arguments = parser.parse_args()
    result = cltk_studies.report(arguments.study, arguments.store).result
    finished = {cell.name: cell.finished for cell in result.cells if cell.finished}
    if not finished:
        raise ConfigError(f"No run of '{arguments.study}' is finished.", "Go on with 'cltk ablate' of its file.")
    images = examples_of(next(iter(finished.values()))[0], "train").x
    images = images[torch.randperm(len(images), generator=torch.Generator().manual_seed(0))]
    points = [point_of(name, records, images) for name, records in finished.items()]
    print(to_markdown(points))
    save(draw(points), arguments.out)


if __name__ == "__main__":
    with told():
        main()
