"""``cltk run --from-run``: a recorded run once more, beside its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cltk.cli.console import print_json, show_notice
from cltk.cli.options import OutputOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cltk.runs.repeat import Comparison, Difference

__all__ = ["repeat"]

SHOWN = 10
"""Differences that are printed."""


def repeat(run_id: str, store: Path, data_dir: Path | None, output: OutputOptions) -> int:
    """Repeats a run as it was recorded, in the folder ``repeats`` of its store, prints what differs in the result.

    Returns:
        The exit status: 1 where the result differs.
    """
    from cltk.build import prepare
    from cltk.display.progress import Progress
    from cltk.machine import Machine
    from cltk.runs.reading import find_record
    from cltk.runs.repeat import compare, experiment_of
    from cltk.runs.runner import execute
    from cltk.runs.sinks import make_sinks

    recorded = find_record(store, run_id)
    machine = Machine(recorded.device, recorded.threads, recorded.precision, data_dir)
    prepared = prepare(experiment_of(recorded), machine)
    for notice in prepared.notices:
        show_notice(notice)
    with Progress(1, quiet=output.silent) as progress:
        repeated = execute(prepared, recorded.seed, store / "repeats", make_sinks((), {}, store, [progress]))
    comparison = compare(recorded, repeated)
    if output.json:
        print_json(comparison.to_dict())
    else:
        _print(comparison)
    return 0 if comparison.identical else 1


def _print(comparison: Comparison) -> None:
    _list("The circumstances differ", comparison.circumstances)
    _list("The result differs", comparison.results)
    if comparison.identical:
        print(f"The result of '{comparison.run_id}' is the same again, to the last digit.")


def _list(title: str, differences: Iterable[Difference]) -> None:
    lines = [f"  {d.name}: {d.recorded} in the record, {d.repeated} now" for d in differences]
    if lines:
        more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        print("\n".join([f"{title}:", *lines[:SHOWN], *more]))
