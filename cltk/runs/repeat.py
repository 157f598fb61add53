"""Whether a run that was repeated came out the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cltk.config import check
from cltk.experiment import Experiment, qualified_names
from cltk.record import Record

__all__ = ["Comparison", "Difference", "compare", "experiment_of"]

_CIRCUMSTANCES = ("config", "environment", "plugins", "device", "precision", "threads")
"""What a result may depend on."""
_RESULTS = ("status", "error", "accuracy", "samples", "operations", "replay", "metrics", "curves", "losses", "bytes")
_COLUMNS = ("task_aware", "confusion", "single_pass", "model_bytes", "buffer_bytes", "extra_bytes")
"""What tasks say beside these; a record of version 1 does not hold it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not the same; None where it is missing."""

    name: str
    recorded: Any
    repeated: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """A recorded run beside its repetition, timings aside.

    Attributes:
        run_id: The recorded run.
        circumstances: What else differs that a result may depend on: versions, edits, processor, device, threads.
        results: What came out differently.
    """

    run_id: str
    circumstances: tuple[Difference, ...]
    results: tuple[Difference, ...]

    @property
    def identical(self) -> bool:
        """Whether the results are the same, to the last digit."""
        return not self.results

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return {"identical": self.identical, **asdict(self)}


def experiment_of(record: Record) -> Experiment:
    """The experiment that a record is of, for its one seed."""
    config = qualified_names(record.config, record.plugins) | {"seeds": [record.seed]}
    return check(Experiment, config, f"the record of '{record.run_id}'")


def compare(recorded: Record, repeated: Record) -> Comparison:
    """What differs between a run and its repetition."""
    one, other = _of_one_seed(recorded), _of_one_seed(repeated)
    names = [*_CIRCUMSTANCES, *(["sources"] if recorded.sources else [])]
    circumstances = _differences(_picked(one, names), _picked(other, names))
    results = _differences(_picked(one, _RESULTS), _picked(other, _RESULTS))
    columns = [name for name in _COLUMNS if all(task[name] is not None for task in one["tasks"])]
    more = _differences(*({"tasks": [_picked(task, columns) for task in record["tasks"]]} for record in (one, other)))
    return Comparison(recorded.run_id, tuple(circumstances), (*results, *more))


def _of_one_seed(record: Record) -> dict[str, Any]:
    """A record as JSON, without timings, and without the seeds that its experiment has beside its own."""
    entries = record.without_timings()
    return entries | {"config": {name: value for name, value in entries["config"].items() if name != "seeds"}}


def _picked(entries: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: entries[name] for name in names}


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    left, right = dict(_leaves("", one)), dict(_leaves("", other))
    for name in [*left, *(name for name in right if name not in left)]:
        if left.get(name) != right.get(name):
            yield Difference(name, left.get(name), right.get(name))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every number and text within, by its path, such as ``accuracy.5.2``."""
    if isinstance(value, Mapping | list) and value:
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from _leaves(f"{path}.{key}" if path else str(key), inner)
    else:
        yield path, value
