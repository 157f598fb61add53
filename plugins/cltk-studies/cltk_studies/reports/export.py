r"""A result as a table for a paper or for a program: LaTeX with booktabs, CSV, or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from cltk.errors import ConfigError, Faults
from cltk.runs.rows import column_label, find_column, row_of
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.questions.objective import ACCURACY
from cltk_studies.reports.formats import format_mean
from cltk_studies.reports.metric_table import is_best

__all__ = ["ENDINGS", "FORMATS", "Format", "to_csv", "to_latex", "write_parquet"]

Format = Literal["csv", "parquet", "latex"]
FORMATS: tuple[Format, ...] = ("csv", "parquet", "latex")
ENDINGS: Mapping[str, Format] = {".csv": "csv", ".parquet": "parquet", ".tex": "latex"}
"""What a file's name says of its format."""

_SETTLED = 0.05
_ESCAPED = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"}


def to_latex(result: StudyResult, columns: Sequence[str] = ()) -> str:
    r"""A table of mean ± 95 % interval: the best in bold, a ``*`` where a difference from the baseline is settled.

    It needs ``\usepackage{booktabs}``. Settled means a p value below 0.05, after Holm.

    Raises:
        ConfigError: A column is neither a metric or cost of the result nor a setting of its runs.
    """
    names = _columns(result, columns)
    lines = [
        rf"\begin{{tabular}}{{l{'r' * len(names)}}}",
        r"\toprule",
        _row(["", *(f"{_escaped(column_label(name))}{_arrow(result, name)}" for name in names)]),
        r"\midrule",
        *(_latex_row(result, cell, names) for cell in result.cells),
        r"\bottomrule",
        r"\end{tabular}",
        "% Mean and 95 % interval over the seeds of each row; bold: the best mean;",
        f"% *: differs from '{result.study.baseline}', paired by seed, p < {_SETTLED} after Holm.",
    ]
    return "\n".join(lines) + "\n"


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as text, with every column that any of them has."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_parquet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes rows with pandas, which is an extra of this distribution; lists and tables become text.

    Raises:
        ConfigError: It is not installed.
        OSError: The file cannot be written.
    """
    try:
        pandas = import_module("pandas")
        import_module("pyarrow")
    except ImportError as error:
        advice = "Install it: pip install 'cltk-studies[parquet]', or write --format csv."
        raise ConfigError(f"Parquet needs {error.name}, which is not installed.", advice) from error
    plain = [{name: str(v) if isinstance(v, list | dict) else v for name, v in row.items()} for row in rows]
    pandas.DataFrame(plain).to_parquet(path)


def _columns(result: StudyResult, wanted: Sequence[str]) -> list[str]:
    costs = [name for cell in result.cells for name in cell.costs]
    measured = list(dict.fromkeys([*result.metrics, *costs]))
    if not wanted:
        return measured
    others = [name for cell in result.cells for record in cell.finished for name in row_of(record)]
    names, faults = [], Faults()
    for name in wanted:
        with faults.further():
            names.append(find_column(name, dict.fromkeys([*measured, *others])))
    faults.settle()
    return [ACCURACY if name == "accuracy" and ACCURACY in measured else name for name in names]


def _latex_row(result: StudyResult, cell: CellResult, names: Sequence[str]) -> str:
    """A row, and behind it the seeds that it counts."""
    seeds = [str(record.seed) for record in cell.finished]
    entries = [_escaped(cell.name), *(_latex_cell(result, cell, name) for name in names)]
    return f"{_row(entries)} % n = {len(seeds)}: {', '.join(seeds)}"


def _latex_cell(result: StudyResult, cell: CellResult, name: str) -> str:
    found = cell.metrics.get(name) or cell.costs.get(name)
    if found is None:
        return "--" if name in result.metrics else _setting(cell, name)
    text = format_mean(found).replace(",", "{,}").replace("±", r"\pm")
    best = [each for each in result.cells if is_best(result, each, name)]
    if cell in best and len(best) < len(result.cells):
        text = rf"\mathbf{{{text}}}"
    difference = cell.differences.get(name)
    settled = difference is not None and difference.p_holm is not None and difference.p_holm < _SETTLED
    return f"${text}{'^{*}' if settled else ''}$"


def _setting(cell: CellResult, name: str) -> str:
    """What is neither a metric nor a cost: the values that the runs of a cell have."""
    values = [row_of(record).get(name) for record in cell.finished]
    return _escaped(", ".join(dict.fromkeys(str(value) for value in values if value is not None))) or "--"


def _arrow(result: StudyResult, name: str) -> str:
    if result.measures.find(name) is None:
        return ""
    return r" $\downarrow$" if result.measures.is_minimized(name) else r" $\uparrow$"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _escaped(text: str) -> str:
    return "".join(_ESCAPED.get(sign, sign) for sign in text)
