"""A study's result to read and to keep: as Markdown, as one HTML page, and as files for MLflow."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from cltk_figures.style import save
from cltk_figures.tables import Table
from cltk_studies.answers.results import StudyResult
from cltk_studies.reports.plots import Drawing, drawings
from cltk_studies.reports.tables import tables_of

__all__ = ["as_html", "as_markdown", "write_report"]

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0; } caption { text-align: left; font-weight: 600; }
th, td { padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; border-bottom: 1px solid #ddd; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; } p.note { color: #666; margin-top: 0; }
figure { margin: 1.5rem 0; } img { max-width: 100%; } code { font-size: 0.9em; }
"""


def as_markdown(results: Sequence[StudyResult]) -> str:
    """The results as Markdown."""
    return "\n".join(_markdown(result) for result in results)


def as_html(results: Sequence[StudyResult]) -> str:
    """The results as one page that needs nothing beside it: tables, figures, and each cell's experiment."""
    name = html.escape(results[0].study.name)
    head = f'<meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
    body = "\n".join(part for result in results for part in _sections(result))
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n{body}\n</body></html>\n'


def write_report(result: StudyResult, folder: Path, more: Sequence[Drawing] = ()) -> None:
    """Writes ``report.md``, ``result.json`` and the figures; the accuracy matrices are with the cells."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(as_markdown([result]), encoding="utf-8")
    (folder / "result.json").write_text(json.dumps(result.to_dict(), indent=1) + "\n", encoding="utf-8")
    for name, draw in [*drawings(result), *more]:
        if not name.startswith("accuracy_matrix"):
            save(draw(), folder / "figures" / f"{name}.png")


def _markdown(result: StudyResult) -> str:
    tables = [table.to_markdown() for table in tables_of(result)]
    return "\n\n".join([f"## {result.study.name}", *_introduction(result), *tables])


def _sections(result: StudyResult) -> Iterator[str]:
    yield f"<h1>{html.escape(result.study.name)}</h1>"
    yield from (f"<p>{html.escape(text)}</p>" for text in _introduction(result))
    yield from map(_table, tables_of(result))
    yield from (_figure(title, draw()) for title, draw in drawings(result))
    yield "<h2>Cells</h2>"
    yield from (_experiment(cell.name, cell.config_hash, cell.experiment) for cell in result.study.cells)


def _introduction(result: StudyResult) -> list[str]:
    seeds = ", ".join(map(str, result.study.seeds))
    runs = f"{result.finished} of {result.total} runs finished, {len(result.study.cells)} cells, seeds {seeds}."
    records = [record for cell in result.cells for record in cell.finished]
    versions = sorted({version for record in records for version in record.plugins.values()})
    machines = sorted(
        {f"{r.device} {r.precision}, {r.threads} threads, torch {r.environment.get('torch')}" for r in records}
    )
    made = f"Made with {', '.join(versions)}; {'; '.join(machines)}." if records else ""
    return [text for text in (result.study.description, runs, made) if text]


def _table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in table.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in table.rows)
    note = f'<p class="note">{html.escape(table.note)}</p>' if table.note else ""
    return f"<table><caption>{html.escape(table.title)}</caption><tr>{head}</tr>\n{rows}</table>{note}"


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{html.escape(str(value if value is not None else ''))}</td>"


def _figure(title: str, figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, facecolor="white")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<figure><img alt="{html.escape(title)}" src="data:image/png;base64,{data}"></figure>'


def _experiment(name: str, config_hash: str, experiment: dict[str, object]) -> str:
    import tomli_w

    summary = f"<summary>{html.escape(name)} <code>{config_hash}</code></summary>"
    return f"<details>{summary}<pre>{html.escape(tomli_w.dumps(experiment))}</pre></details>"
