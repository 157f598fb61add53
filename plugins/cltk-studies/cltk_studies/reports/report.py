"""The report of a study: to compute with, to read and to keep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cltk_figures.tables import Table
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.answers.sources import load_results
from cltk_studies.reports.introduction import introduction
from cltk_studies.reports.tables import result_tables

if TYPE_CHECKING:
    from cltk_studies.reports.figures import Drawing

__all__ = ["Report", "load_report", "write_report"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a study says.

    Attributes:
        result: The result of the study.
        test: Of a search, the comparison of its choice on test data; None where there is none.
        store: The folder of the runs, where samples of what they replayed are.
        problems: What is wrong with records in the store that cannot be read, a sentence each.
    """

    result: StudyResult
    test: StudyResult | None = None
    store: Path = Path("runs")
    problems: Sequence[str] = ()

    @property
    def results(self) -> list[StudyResult]:
        """The result, and the comparison after it."""
        return [self.result] if self.test is None else [self.result, self.test]

    @property
    def cells(self) -> Sequence[CellResult]:
        """The cells of the study, in its order."""
        return self.result.cells

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics."""
        return self.result.metrics

    def tables(self) -> list[Table]:
        """All tables."""
        return [table for result in self.results for table in result_tables(result)]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON."""
        return self.result.to_dict() | ({"test": self.test.to_dict()} if self.test else {})

    def to_markdown(self) -> str:
        """The report as Markdown."""
        return "\n".join(map(_to_markdown, self.results))

    def to_html(self) -> str:
        """The report as one page that needs nothing beside it: tables, figures, and each cell's experiment."""
        # Most reports have no figures, and what draws them takes long to import.
        from cltk_studies.reports.page import to_page

        return to_page(self.results, self.store)

    def write_figures(self, folder: Path) -> list[Path]:
        """Writes every figure of the page as SVG and as PDF, for a paper; returns their paths."""
        from cltk_figures.style import save
        from cltk_studies.reports.figures import figures_of_cells, figures_of_study

        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for result in self.results:
            for name, draw in [*figures_of_study(result), *figures_of_cells(result, self.store)]:
                figure = draw()
                for suffix in ("svg", "pdf"):
                    paths.append(folder / f"{result.study.name}_{name}.{suffix}")
                    save(figure, paths[-1])
        return paths


def load_report(
    name: str,
    store: Path | str = "runs",
    *,
    metrics: Iterable[str] = (),
    objectives: Iterable[str] = (),
    tracking_uri: str | None = None,
) -> Report:
    """Computes the report of a study from the records of its runs; nothing is run.

    Args:
        name: The study's name.
        store: The folder of the runs.
        metrics: The names of metrics to report beside those of the study; any that is installed.
        objectives: The names of the metrics to rank cells by; by default, those of the study.
        tracking_uri: Where records of other machines are; None for nowhere.

    Raises:
        ConfigError: There is no such study, or no such metric.
        StoreError: It is unreadable, or the server does not answer.
    """
    problems: list[str] = []
    results = load_results(name, Path(store), tracking_uri, list(metrics), list(objectives), problems.append)
    return Report(results[0], results[1] if len(results) > 1 else None, Path(store), problems)


def write_report(result: StudyResult, folder: Path, others: Sequence[Drawing] = ()) -> None:
    """Writes ``report.md``, ``result.json`` and the figures of the study, with ``others`` beside them.

    A folder that holds the same result stays as it is: drawing takes long.
    """
    text = json.dumps(result.to_dict(), indent=1) + "\n"
    path = folder / "result.json"
    if not others and path.exists() and path.read_text(encoding="utf-8") == text:
        return
    # What it draws with takes long to import.
    from cltk_figures.style import save
    from cltk_studies.reports.figures import figures_of_study

    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(Report(result).to_markdown(), encoding="utf-8")
    for name, draw in [*figures_of_study(result), *others]:
        save(draw(), folder / "figures" / f"{name}.png")
    path.write_text(text, encoding="utf-8")  # Last, as it says that the others are there.


def _to_markdown(result: StudyResult) -> str:
    tables = [table.to_markdown() for table in result_tables(result)]
    parts = [f"## {result.study.name}", *introduction(result), *tables]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"
