"""The result of an experiment, as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cltk.cli.progress import matrix_table
from cltk.kinds import SLOTS
from cltk.record import Record
from cltk.runs.seeds import Ending

__all__ = ["print_failures", "print_record", "print_result"]


def print_result(ending: Ending) -> None:
    """Prints the result tables on standard output; of several seeds, their summary."""
    if len(ending.records) == 1:
        print_record(ending.records[0])
        return
    console = Console()
    console.print(_title(ending.records[-1]))
    console.print(_summary(ending), "")
    _print_warnings(console, ending.records)


def print_record(record: Record) -> None:
    """Prints the result tables of one run on standard output."""
    console = Console()
    console.print(_title(record))
    console.print(matrix_table(record), "")
    console.print(Columns([_metrics(record.metrics), _cost(record)], padding=(0, 4)), "")
    _print_warnings(console, [record])


def _print_warnings(console: Console, records: Sequence[Record]) -> None:
    for warning in (warning for record in records for warning in record.warnings):
        console.print(Text(f"Warning: {warning}", style="yellow"))


def _title(record: Record) -> RenderableType:
    config = record.config
    parts = [config[slot]["name"] for slot in SLOTS if slot in config and slot != "scenario"]
    return Text.assemble("\n", (" · ".join(parts), "bold"), f" on {config['scenario']['name']}\n")


def _metrics(metrics: Mapping[str, float]) -> Table:
    table = _table("Metrics", "metric", "value")
    for name, value in metrics.items():
        table.add_row(name, f"{value:.4f}" if abs(value) < 1000 else f"{value:,.0f}")
    return table


def _cost(record: Record) -> Table:
    table = _table("Cost", "", "parameters", "bytes")
    for name in record.bytes:
        if name not in ("image", "total"):
            table.add_row(
                name, f"{record.parameters[name]:,}" if name in record.parameters else "", f"{record.bytes[name]:,}"
            )
    table.add_row("total", f"{record.parameters.get('total', 0):,}", f"{record.bytes.get('total', 0):,}")
    table.add_section()
    table.add_row("samples replayed", "", " ".join(f"{count:,}" for count in record.replay.counts))
    table.add_row("seconds", "", f"{record.seconds.get('total', 0):.1f}")
    return table


def _summary(ending: Ending) -> Table:
    finished = sum(record.status == "finished" for record in ending.records)
    table = _table(f"Metrics over {finished} seeds", "metric", "mean", "std", "95 % interval")
    for name, of in (ending.summary or {}).items():
        spread = [f"{of['std']:.4f}", f"± {of['ci95']:.4f}"] if "std" in of else ["", ""]
        table.add_row(name, f"{of['mean']:.4f}", *spread)
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def print_failures(ending: Ending) -> None:
    """Says on standard error which runs did not finish, and why."""
    for record in ending.records:
        if record.status != "finished":
            Console(stderr=True).print(Text(f"Seed {record.seed} {record.status}: {record.error}", style="red"))
