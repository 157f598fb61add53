"""What to type after a run."""

from __future__ import annotations

from collections.abc import Sequence

from cltk.record import Record
from cltk.registry import installed

__all__ = ["next_steps"]


def next_steps(records: Sequence[Record]) -> list[str]:
    """The commands that go on from what was run, as far as they are installed, a line each."""
    last = records[-1]
    steps = {f"cltk runs show {last.run_id}": "this result, and other metrics"}
    if last.status == "interrupted":
        steps = {"the same command again": "goes on from the last checkpoint, if there is one"}
    commands = {plugin.name for plugin in installed("command")}
    if "ui" in commands:
        steps["cltk ui"] = "curves and figures, in the browser"
    width = max(map(len, steps))
    return [f"  {command.ljust(width)}  {purpose}" for command, purpose in steps.items()]
