"""What a search may change: fields by dotted path, each with where to look."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cltk.build import Prepared
from cltk.config import Overrides
from cltk.errors import CltkError, ConfigError, Faults, under
from cltk.interfaces import Dimension, FloatRange, IntRange, OneOf, ScenarioInfo
from cltk.kinds import SLOTS
from cltk.layers import combine, overlay, override_at
from cltk.mappings import flatten
from cltk.registry import installed, load, shortest_name

__all__ = [
    "Space",
    "at",
    "check_ends",
    "check_entries",
    "encoded",
    "find_allocator",
    "layer_of",
    "own_space",
    "read_space",
    "suggest",
]

Space = Mapping[str, Dimension]

_BETWEEN = 0.618034
"""How far between the ends of a range one more value is tried: hardly ever is that a whole number."""


def read_space(table: Mapping[str, Any], prepared: Prepared) -> dict[str, Dimension]:
    """Reads ``[tune.space]``: ``{low, high, log}``, a list of choices, or ``true`` for a component's own search space.

    Raises:
        ConfigError: An entry is neither.
    """
    space: dict[str, Dimension] = {}
    faults = Faults()
    for path, entry in _entries(table):
        with faults.further(), under(f"tune.space.{path}"):
            space |= own_space(path, prepared) if entry is True else {path: _dimension(path, entry)}
    faults.settle()
    return space


def check_entries(table: Mapping[str, Any], faults: Faults) -> None:
    """Checks the entries of ``[tune.space]`` as far as that can be done without the experiment."""
    for path, entry in _entries(table):
        with faults.further(), under(f"tune.space.{path}"):
            if entry is not True or path not in SLOTS:
                _dimension(path, entry)


def own_space(slot: str, prepared: Prepared) -> dict[str, Dimension]:
    """The search space of the component in a slot.

    Raises:
        ConfigError: There is no component there, or it has none.
    """
    component = prepared.resolved.components.get(slot)
    space = component.cls.search_space(prepared.info) if component else {}
    if not space:
        what = f"The {slot} '{component.name}'" if component else f"The slot '{slot}', which is empty,"
        raise ConfigError(f"{what} has no search space of its own.", "Name its fields under [tune.space].")
    return {f"{slot}.{name}": dimension for name, dimension in space.items()}


def check_ends(
    space: Space,
    experiment: Overrides,
    tasks: int,
    prepare: Callable[[Overrides], object],
    resolve: Callable[[Overrides], object],
) -> None:
    """Tries both ends of every range, and every choice, with every component that it can meet, so that no trial fails.

    Two fields may exclude each other, too: each two of them are tried together.

    Args:
        space: What is tuned.
        experiment: What it changes.
        tasks: Number of tasks.
        prepare: Prepares an experiment, or says what is wrong with it.
        resolve: The same of its settings alone, which takes no time.

    Raises:
        ConfigError: A field does not exist, or a value is not valid.
    """
    faults = Faults()

    def fits(values: Mapping[str, Any], check: Callable[[Overrides], object] = prepare) -> bool:
        with faults.further(), _as_entries(values):
            check(overlay([experiment, layer_of(values, experiment, tasks)]))
            return True
        return False

    slots = [path for path in space if path in SLOTS]
    combinations = itertools.product(*(_tried(space[slot]) for slot in slots))
    met = [dict(zip(slots, components, strict=True)) for components in combinations]
    met = [components for components in met if not components or fits(components)]
    fields: dict[str, list[Any]] = {path: [] for path in space if path not in SLOTS}
    for path, valid in fields.items():
        for value in _tried(space[path]):
            if False not in [fits({path: value, **components}) for components in met]:
                valid.append(value)
    for one, other in itertools.combinations(fields, 2):
        for first, second, components in itertools.product(fields[one], fields[other], met):
            fits({one: first, other: second, **components}, resolve)
    faults.settle()


def _tried(dimension: Dimension) -> Sequence[Any]:
    """What stands for all values: each choice, or both ends, and of numbers that need not be whole one between them."""
    match dimension:
        case OneOf():
            return dimension.options
        case IntRange():
            return dimension.low, dimension.high
        case FloatRange(low, high):
            return low, high, low + (high - low) * _BETWEEN


@contextmanager
def _as_entries(values: Mapping[str, Any]) -> Iterator[None]:
    """Says of what is wrong within that it is so with these values of a search, of the first of them first."""
    try:
        yield
    except CltkError as error:
        (first, *others) = (f"{value!r} for '{path}'" for path, value in values.items())
        entries = " with ".join([first, " and ".join(others)] if others else [first])
        problem = f"[tune.space] has {entries}, which cannot be: {error.problem}"
        raise ConfigError(problem, error.advice, at=f"tune.space.{next(iter(values))}") from error


def find_allocator(prepared: Prepared) -> tuple[str, str]:
    """A schedule that takes a count for each task, and the field that takes them.

    It is found by its search space, which has an entry for each task but the first: the experiment's own schedule, or
    else the only one that is installed.

    Raises:
        ConfigError: There is none, or there are several.
    """
    components = prepared.resolved.components
    own = components.get("schedule")
    if own is None:
        raise ConfigError(
            f"The strategy '{components['strategy'].name}' has no schedule: it replays nothing to tune.",
            "Choose another one with --strategy.",
        )
    if field := _per_task(own.cls, prepared.info):
        return own.name, field
    fields = {name: field for name, cls in _schedules() if (field := _per_task(cls, prepared.info))}
    if len(fields) != 1:
        names = ", ".join(fields) or "none is installed"
        raise ConfigError(f"Tuning needs a schedule that takes a count for each task: {names}.", "Name it: --schedule.")
    return next(iter(fields.items()))


def suggest(trial: Any, path: str, dimension: Dimension) -> Any:
    """Has a trial choose a value."""
    if isinstance(dimension, IntRange):
        return trial.suggest_int(path, dimension.low, dimension.high, log=dimension.log)
    if isinstance(dimension, FloatRange):
        return trial.suggest_float(path, dimension.low, dimension.high, log=dimension.log)
    return json.loads(trial.suggest_categorical(path, [json.dumps(option) for option in dimension.options]))


def encoded(value: Any, dimension: Dimension) -> Any:
    """A value as ``suggest`` takes it for given; None where it is not in the dimension."""
    if isinstance(dimension, OneOf):
        return json.dumps(value) if value in dimension.options else None
    inside = isinstance(value, int | float) and dimension.low <= value <= dimension.high
    return value if inside else None


def layer_of(values: Mapping[str, Any], below: Overrides, length: int) -> Overrides:
    """A layer that sets fields by path; one that ends in an index sets an entry of a list of ``length``."""
    layers, lists = [], dict[str, list[Any]]()
    for path, value in values.items():
        parent, _, last = path.rpartition(".")
        if last.isdigit():
            known = at(below, parent) or []
            entries = lists.setdefault(parent, [*known, *[0] * (length - len(known))])
            entries[int(last)] = value
        else:
            layers.append(override_at(path, value))
    return combine([*layers, *(override_at(path, entries) for path, entries in lists.items())])


def at(layer: Overrides, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    value: Any = layer
    for part in path.split("."):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _entries(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The entries by path; a component may be chosen by its slot or by the slot's field ``name``."""
    for name, entry in flatten(table, _is_group):
        path = name.replace("-", "_")
        slot = path.removesuffix(".name")
        yield slot if slot in SLOTS else path, entry


def _is_group(entry: Any) -> bool:
    """Whether an entry holds others: a range is a table too, but a value."""
    return isinstance(entry, Mapping) and not {"low", "high"} & set(entry)


def _dimension(path: str, entry: Any) -> Dimension:
    if path.partition(".")[0] not in SLOTS:
        raise ConfigError(
            f"[tune.space] names '{path}', which is no field of a component.", f"Begin with one of {', '.join(SLOTS)}."
        )
    if isinstance(entry, list) and entry and all(isinstance(option, str | int | float) for option in entry):
        return OneOf(tuple(entry))
    if isinstance(entry, Mapping) and {"low", "high"} <= set(entry) <= {"low", "high", "log"}:
        low, high, log = entry["low"], entry["high"], entry.get("log", False)
        numbers = all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in (low, high))
        if numbers and isinstance(log, bool) and low <= high and (low > 0 or not log):
            whole = isinstance(low, int) and isinstance(high, int)
            return IntRange(low, high, log) if whole else FloatRange(float(low), float(high), log)
    raise ConfigError(
        f"[tune.space] has no range for '{path}': {entry!r}.",
        f"Give {{ low = 1, high = 10 }}, with log = true where low is above 0, or a list: {path} = [..., ...]",
    )


def _per_task(cls: type[Any], info: ScenarioInfo) -> str | None:
    """The field of a schedule that has a dimension for each task but the first."""
    names = set(cls.search_space(info))
    fields = {name.partition(".")[0] for name in names}
    wanted = range(1, info.tasks)
    return next((field for field in sorted(fields) if names == {f"{field}.{task}" for task in wanted}), None)


def _schedules() -> Iterator[tuple[str, type[Any]]]:
    for plugin in installed("schedule"):
        try:
            yield shortest_name(plugin), load(plugin)
        except CltkError:
            continue  # What is broken cannot be chosen; 'cltk plugins list' says so.
