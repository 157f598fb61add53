"""What the scripts beside this file share: the runs that they are told of, and the images of a run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from cltk.build import prepare
from cltk.errors import CltkError, ConfigError
from cltk.interfaces import Examples
from cltk.record import Record
from cltk.runs.repeat import experiment_of
from cltk.runs.restoring import Restored
from cltk.runs.restoring import restore as restore_any


def parser_of(about: str | None) -> argparse.ArgumentParser:
    """A parser with the option ``--store``, whose help is what a script says of itself."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, default=Path("runs"), help="the folder of all runs")
    return parser


@contextmanager
def told() -> Iterator[None]:
    """Ends the process with the text of an error that the user can mend."""
    try:
        yield
    except CltkError as error:
        sys.exit(f"Error: {error}")


def restore(run_id: str, store: Path, *, strategy: str = "", samples: bool = False) -> Restored:
    """A trained run.

    Args:
        run_id: Its id, or as much of the beginning as tells it from the others.
        store: The folder of all runs.
        strategy: The only one that will do; any, where none is named.
        samples: Whether it has to have a generator.

    Raises:
        CltkError: There is no such run, or it is another one.
    """
    trained = restore_any(run_id, store)
    name, generator = trained.record.config["strategy"]["name"], trained.record.config.get("generator")
    if strategy and name != strategy:
        raise ConfigError(f"'{trained.record.run_id}' is a run of {name}.", f"Name one of {strategy}.")
    if samples and not generator:
        raise ConfigError(f"'{trained.record.run_id}' has no generator.", "Name a run of generative-replay.")
    return trained


def examples_of(record: Record, part: Literal["train", "test"] = "test") -> Examples:
    """The training or test examples of all tasks of a run."""
    return Examples.concat([getattr(task, part) for task in prepare(experiment_of(record)).tasks])
