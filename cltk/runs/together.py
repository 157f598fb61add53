"""All seeds of an experiment side by side, those that are alike as one model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from cltk.build import Prepared
from cltk.engine import EpochDue, Together
from cltk.errors import StoreError
from cltk.record import Record
from cltk.runs.interval import MINUTE
from cltk.runs.runner import Running, Terms, advance, begin
from cltk.runs.sinks import Sinks

__all__ = ["execute_together"]


def execute_together(
    prepared: Prepared, store: Path, sinks: Sinks, resume: bool = False, checkpoint_every: float = MINUTE
) -> tuple[list[Record], Sequence[str]]:
    """Runs an experiment with all of its seeds side by side, those that are alike as one model.

    Args:
        prepared: The experiment.
        store: As of ``execute``, like all that follows.
        sinks: Are told of several runs at a time.
        resume: Whether to go on.
        checkpoint_every: Least number of seconds between two checkpoints of a run.

    Returns:
        The records, and what the user should know, a sentence each.

    Raises:
        StoreError: A folder cannot be written. The other runs end as interrupted ones.
    """
    terms, together = Terms(store, sinks, resume, checkpoint_every), Together()

    def train(epochs: Sequence[EpochDue]) -> None:
        terms.interrupts.check()
        together.train(epochs)

    records = _complete([begin(prepared, seed, terms) for seed in prepared.experiment.seeds], train)
    if len(records) == 1:
        return records, ["One seed has nothing to be trained together with: ask for several, such as --seeds 0..7."]
    apart = ", ".join(f"phase '{phase}' ({reason})" for phase, reason in together.reasons.items())
    return records, [f"Not all was trained together: {apart}."] if apart else []


def _complete(runs: Sequence[Running], train: Callable[[Sequence[EpochDue]], None]) -> list[Record]:
    """Carries out runs side by side; epochs that ``train`` leaves as they are, are trained alone.

    Those that are ahead, as runs may be that go on from where they were cut off, wait for the others.
    """
    stages: dict[int, EpochDue | Record] = {}
    going: Collection[int] = range(len(runs))
    interrupt: KeyboardInterrupt | None = None
    try:
        while True:
            for number in going:
                stages[number] = advance(runs[number], interrupt)
            due = {number: stage for number, stage in stages.items() if isinstance(stage, EpochDue)}
            if not due:
                return [stage for _, stage in sorted(stages.items()) if isinstance(stage, Record)]
            least = min(epoch.position for epoch in due.values())
            going = [number for number, epoch in due.items() if epoch.position == least]
            try:
                train([due[number] for number in going])
            except KeyboardInterrupt as error:
                interrupt, going = error, due
    except BaseException:
        _interrupt([runs[number] for number, stage in stages.items() if isinstance(stage, EpochDue)])
        raise


def _interrupt(runs: Iterable[Running]) -> None:
    """Ends runs that are under way, as another one cannot go on; the one that failed has ended by itself."""
    for run in runs:
        with suppress(KeyboardInterrupt, StoreError):
            advance(run, KeyboardInterrupt("Another seed could not go on."))
