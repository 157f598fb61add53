"""What to type after a run."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from cltk.cli.options import RUNS
from cltk.record import Record
from cltk.registry import installed
from cltk.runs.reading import without_seed

__all__ = ["at_store", "next_steps"]

_WIDEST = 50
"""Columns of a command beside which there is room for what it is for."""


def at_store(store: Path) -> str:
    """The option that a command is to be given to look in this store, with a blank before it; none where it does."""
    usual = Path(os.environ.get("CLTK_STORE") or RUNS)
    return "" if store == usual else f" --store {shlex.quote(str(store))}"


def next_steps(records: Sequence[Record], store: Path) -> list[str]:
    """The commands that go on from what was run, as far as they are installed, a line each."""
    last = records[-1]
    shown = last.run_id if len(records) == 1 else without_seed(last.run_id)
    steps = {f"cltk runs show {shown}{at_store(store)}": "this result, other metrics"}
    if last.status == "interrupted":
        steps = {"the same command again": "goes on from the last checkpoint, if there is one"}
    commands = {plugin.name for plugin in installed("command")}
    if "ui" in commands:
        steps[f"cltk ui{at_store(store)}"] = "figures, in the browser"
    width = max(map(len, steps))
    if width > _WIDEST:
        return [f"  {command}\n      {purpose}" for command, purpose in steps.items()]
    return [f"  {command.ljust(width)}  {purpose}" for command, purpose in steps.items()]
