"""The result of an experiment, as a person reads it: what matters most first, where it is kept last."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cltk.cli.console import format_bytes, print_result
from cltk.display.matrix import AccuracyMatrix
from cltk.display.two_columns import TwoColumns
from cltk.kinds import SLOTS
from cltk.record import Record
from cltk.runs.summary import Summary, estimate, mean_matrix, summarise

__all__ = ["print_failures", "print_records"]

_FEW = 3
"""Seeds below which an interval says little."""


def print_records(
    records: Sequence[Record],
    summary: Summary | None = None,
    store: Path | None = None,
    next_steps: Sequence[str] = (),
    said: Collection[str] = (),
) -> None:
    """Prints what came of an experiment on standard output.

    Args:
        records: One a seed, as far as they came.
        summary: What several seeds say together.
        store: The folder of all runs, to say where they are; None where that is known.
        next_steps: What the reader may type now, a line each.
        said: Warnings that the reader has seen already.
    """
    measured = [record for record in records if record.tasks]
    print_result(_title(records), "")
    if measured:
        print_result(*_result(measured, summary or summarise(measured)))
    for warning in _warnings(records, said):
        print_result(Text(warning, style="yellow"))
    if store is not None:
        print_result(Text(f"Kept in {_folders(records, store)}"), *next_steps)


def print_failures(records: Sequence[Record]) -> None:
    """Says on standard error which runs did not finish, and why."""
    for record in records:
        if not record.finished:
            Console(stderr=True).print(Text(f"Seed {record.seed} {record.status}: {record.error}", style="red"))


def _result(records: Sequence[Record], summary: Summary) -> Iterator[RenderableType]:
    """Accuracy, matrix, forgetting and other metrics, cost."""
    finished = [record for record in records if record.finished] or records[-1:]
    if finished[0].finished:
        yield _headline("Final average accuracy", {record.seed: record.final_accuracy for record in finished})
        if 1 < len(finished) < _FEW:
            yield Text(f"{len(finished)} seeds say little: run {_FEW} or more", style="yellow")
        yield ""
    yield _matrix(finished)
    yield ""
    if finished[0].finished and len(finished[0].tasks) > 1:
        yield _headline("Forgetting", {record.seed: record.forgetting for record in finished})
    if summary:
        yield from _metrics(finished, summary)
        yield ""
    yield _cost(finished)
    yield ""


def _title(records: Sequence[Record]) -> RenderableType:
    config, last = records[-1].config, records[-1]
    parts = [config[slot]["name"] for slot in SLOTS if slot in config and slot != "scenario"]
    seeds = ", ".join(str(record.seed) for record in records)
    title = Text.assemble("\n", (" · ".join(parts), "bold"), f" on {config['scenario']['name']}, ")
    title.append(f"seed{'s' if len(records) > 1 else ''} {seeds}")
    if not last.finished:
        title.append(f" · {last.status} after {len(last.tasks)} of {len(last.classes)} tasks", style="red")
    return title


def _headline(name: str, values: Mapping[int, float]) -> Text:
    """A share in percent; of several seeds its mean, its interval, and each seed's value."""
    percents = {seed: 100 * value for seed, value in values.items()}
    mean = estimate(list(percents.values()))
    line = Text.assemble((f"{name}  ", "bold"), (f"{mean.mean:.1f} %", "bold green"))
    if mean.ci95 is not None:
        each = ", ".join(f"{value:.1f}" for value in percents.values())
        line.append(f" ± {mean.ci95:.1f} (95 % interval; by seed: {each})")
    return line


def _matrix(records: Sequence[Record]) -> AccuracyMatrix:
    """The matrix of one run, or the mean of several with deviations."""
    if len(records) == 1:
        return AccuracyMatrix(records[0].accuracy, records[0].classes)
    means, deviations = mean_matrix(records)
    title = f"Mean accuracy on each task (%) over {len(records)} seeds"
    classes = records[0].classes
    if any(record.classes != classes for record in records):
        classes, title = [[] for _ in classes], f"{title}; mixes classes: each seed has its own order"
    return AccuracyMatrix(means, classes, deviations, title)


def _metrics(records: Sequence[Record], summary: Summary) -> Iterator[RenderableType]:
    """The metrics, those apart in one line that the setting fixes."""
    fixed = {name: value for name in summary if (value := _fixed_value(records, name)) is not None}
    yield TwoColumns([(name, *_mean(summary[name])) for name in summary if name not in fixed])
    if fixed:
        yield Text(
            "0 or 1 throughout: " + ", ".join(f"{name} {value:.0f}" for name, value in fixed.items()), style="dim"
        )


def _mean(entries: Mapping[str, float]) -> Iterator[str]:
    mean = entries["mean"]
    yield f"{mean:.4f}" if abs(mean) < 1000 else f"{mean:,.0f}"
    if "ci95" in entries:
        yield f"± {entries['ci95']:.4f}" if abs(mean) < 1000 else f"± {entries['ci95']:,.0f}"


def _fixed_value(records: Sequence[Record], name: str) -> float | None:
    """The value of a metric that is 0 throughout every run, or 1: the setting leaves it no choice. None for others."""
    values = {value for record in records for value in record.curves.get(name, ()) if value is not None}
    return values.pop() if len(values) == 1 and values <= {0.0, 1.0} else None


def _cost(records: Sequence[Record]) -> Table:
    """The parts that take room, samples replayed, and time."""
    last = records[-1]
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for name, size in last.bytes.items():
        if name != "image" and size:
            parameters = f"{last.parameters[name]:,} parameters, " if name in last.parameters else ""
            table.add_row(name, f"{parameters}{format_bytes(size)}")
    if any(last.replay.counts):
        table.add_row("replayed", f"{' '.join(f'{count:,}' for count in last.replay.counts)} samples in an epoch")
    seconds = fmean(record.seconds.get("total", 0) for record in records)
    table.add_row("time", f"{seconds:.1f} s{' on average' if len(records) > 1 else ''}")
    return table


def _warnings(records: Sequence[Record], said: Collection[str]) -> Iterator[str]:
    """A line for each kind of warning, with the seeds and tasks that it was of and the first of its kind."""
    kinds: dict[str, list[tuple[int, str]]] = {}
    for record in records:
        for warning in (warning for warning in record.warnings if warning not in said):
            kinds.setdefault(re.sub(r"\d+(, \d+)*|class(es)?|it is|they are", "", warning), []).append(
                (record.seed, warning)
            )
    for warnings in kinds.values():
        seeds = ", ".join(map(str, dict.fromkeys(seed for seed, _ in warnings)))
        where = f"seed{'s' if ', ' in seeds else ''} {seeds}: " if len(records) > 1 else ""
        texts = list(dict.fromkeys(text for _, text in warnings))
        more = f" (and {len(texts) - 1} more such)" if len(texts) > 1 else ""
        yield f"Warning: {where}{texts[-1]}{more}"


def _folders(records: Sequence[Record], store: Path) -> str:
    """The folders of the runs, as a shell takes them."""
    first = records[0]
    beginning = first.run_id.removesuffix(str(first.seed))
    if len(records) > 1 and all(record.run_id == f"{beginning}{record.seed}" for record in records):
        return f"{store / beginning}{{{','.join(str(record.seed) for record in records)}}}"
    return ", ".join(str(store / record.run_id) for record in records)
