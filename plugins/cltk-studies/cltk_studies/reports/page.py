"""A report as one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache, partial
from pathlib import Path

import jinja2
from matplotlib.figure import Figure

from cltk.kinds import SLOTS
from cltk.runs.folder import config_toml
from cltk_studies.answers.results import StudyResult
from cltk_studies.reports.figures import figures_of_cells, figures_of_study
from cltk_studies.reports.introduction import introduction
from cltk_studies.reports.tables import result_tables

__all__ = ["to_page"]


def to_page(results: Sequence[StudyResult], store: Path) -> str:
    """The page: tables, figures, and each cell's experiment.

    Args:
        results: The result of the study, and what follows on it.
        store: The folder of the runs, where samples of what they replayed are.
    """
    return _template().render(
        results=results,
        introduction=introduction,
        tables=result_tables,
        figures=partial(_figures, store=store),
        today=date.today().isoformat(),
        components=_components,
        toml=config_toml,
    )


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("cltk_studies.reports", ".")
    # Names and texts come from users and from other machines: everything is escaped.
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template(
        "page.html"
    )


def _figures(result: StudyResult, store: Path) -> Iterator[tuple[str, str, str, str]]:
    """The name of each figure, its title, its SVG in Base64, and whether it shows a drawing or photographs."""
    for name, draw in [*figures_of_study(result), *figures_of_cells(result, store)]:
        figure = draw()
        yield name, figure.axes[0].get_title(loc="left") or name, _to_base64(figure), _kind(figure)


def _kind(figure: Figure) -> str:
    """What the page may do with it: photographs keep their colours."""
    images = [image.get_array() for axes in figure.axes for image in axes.get_images()]
    return "photographs" if any(image is not None and image.ndim == 3 for image in images) else "drawing"


def _to_base64(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None})
    return base64.b64encode(buffer.getvalue()).decode()


def _components(result: StudyResult) -> list[str]:
    """What the cells are made of, as ``cltk cite`` takes it."""
    experiments = [cell.experiment for cell in result.study.cells]
    named = [f"{slot}:{layer[slot]['name']}" for layer in experiments for slot in SLOTS if slot in layer]
    return list(dict.fromkeys(named))
