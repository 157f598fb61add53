"""Carrying out a search: its trials, the choice among them, and one comparison on test data."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli_w
from optuna.trial import FrozenTrial

from cltk.build import Prepared, prepare
from cltk.config import Experiment, Overrides, check
from cltk.interfaces import Scenario
from cltk.machine import Machine
from cltk.record import write_atomically
from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.importance import parameter_importances
from cltk_studies.answers.records import records_in
from cltk_studies.answers.results import StudyResult
from cltk_studies.answers.sources import load_records
from cltk_studies.questions.allocation import allocations
from cltk_studies.questions.plan import Clock, Plan, PlannedCell
from cltk_studies.questions.search import Search
from cltk_studies.questions.study import Cell, Study, save_study, study_path
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.pool import Order, Pool, conduct
from cltk_studies.work.publisher import Publisher
from cltk_studies.work.queue import Queue, failures
from cltk_studies.work.watch import Show, Watch

__all__ = ["Choice", "Tuned", "choose", "plan_of", "test_study", "tune"]

TESTED = {"fixed": "uniform", "linear": "linear", "equal": "equal", "none": "zero"}
"""What the chosen counts are compared with, by name, each with its shape; all but the last spend as much."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The configuration that was chosen.

    Attributes:
        label: What the trial is called.
        counts: Samples replayed at each task.
        accuracy: Its mean validation accuracy, over the seeds of the search.
        experiment: Its experiment, evaluated on test data, with the test seeds.
        file: Where that is written, as ``cltk run`` takes it.
    """

    label: str
    counts: Sequence[int]
    accuracy: float
    experiment: Overrides
    file: Path


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of a search.

    Attributes:
        result: Its trials, as the cells of a study.
        choice: The best of them; None where none is finished.
        errors: Why trials failed, by their names.
        whole: Whether all of them have ended.
        interrupted: Whether the user ended it.
        notices: What the user should know, a sentence each.
    """

    result: StudyResult | None
    choice: Choice | None
    errors: Mapping[str, str]
    whole: bool
    interrupted: bool
    notices: Sequence[str]


def plan_of(search: Search, prepared: Prepared, trials: int, ended: Collection[str], workers: int, store: Path) -> Plan:
    """What of a search is still to be done; every run is taken to cost what the experiment itself does.

    Args:
        search: The search.
        prepared: The experiment that it starts from.
        trials: Number of trials.
        ended: The keys of those that have ended.
        workers: Number of processes that share the work.
        store: Where records are.
    """
    run = Clock(records_in(store, {prepared.config_hash})).seconds(prepared)
    left = [item for item in search.items(trials) if item.key not in ended]
    cell = Cell.of("a trial", {}, prepared)
    done, todo = range(trials - len(left)), range(len(left))
    replayed = search.budget or sum(search.sizes[1:])
    tested = range((1 + len(TESTED)) * len(search.test_seeds))
    trials_left = PlannedCell(cell, done, todo, replayed, run * len(search.seeds))
    return Plan([trials_left], workers, afterwards=PlannedCell(cell, (), tested, replayed, run))


def tune(
    search: Search,
    trials: int,
    queue: Queue,
    storage: StudyDatabase,
    order: Order,
    pool: Pool,
    tracking_uri: str | None,
    show: Show,
) -> Tuned:
    """Runs what is left of a search, publishes it, and chooses.

    Raises:
        ConfigError: There is another study of that name.
        CltkError: The store or the storage fails, or the experiment cannot be run on this machine.
    """
    queue.define(search.to_dict(), search.fingerprint)
    ended = queue.ended()
    queue.submit([item for item in search.items(trials) if item.key not in ended])
    interrupted = False
    result, choice = None, None
    with Publisher(order.store, tracking_uri, search.as_study([]), storage) as publisher:
        try:
            if queue.under_way():
                conduct(order, pool, Watch(queue, order.store, publisher, show))
        except KeyboardInterrupt:
            interrupted = True
        states = queue.states()
        finished = [state.trial for state in states.values() if state.status == "finished"]
        whole = not interrupted and all(states[item.key].ended for item in search.items(trials))
        if finished:
            result = _result(search, finished, order.store, tracking_uri)
            choice = choose(search, finished, order.store)
            _publish(publisher, result, choice, queue, whole)
    return Tuned(result, choice, failures(states), whole, interrupted, publisher.notices)


def _publish(publisher: Publisher, result: StudyResult, choice: Choice, queue: Queue, whole: bool) -> None:
    """Writes tables, figures and the choice into MLflow, and the figures beside the choice."""
    # What they draw with takes long to import, and is not needed before.
    from cltk_figures.search_figures import importance
    from cltk_studies.reports.report import write_report

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shares = parameter_importances(queue.study)
        others = [("parameter_importance", lambda: importance(result.objective or "", shares))] if shares else []
        write_report(result, folder, others)
        (folder / choice.file.name).write_bytes(choice.file.read_bytes())
        for path in (folder / "figures").iterdir():
            write_atomically(choice.file.parent / "figures" / path.name, path.read_bytes())
        publisher.finish(result, folder, complete=whole)


def choose(search: Search, finished: Sequence[FrozenTrial], store: Path) -> Choice:
    """The most accurate trial on validation data that spends the budget, the cheaper one of two alike; and its file."""
    spending = [trial for trial in finished if search.budget is None or any(trial.user_attrs["replayed"])]
    best = max(
        spending or finished,
        key=lambda trial: (trial.values[0], -sum(trial.user_attrs["replayed"]), -trial.number),
    )
    experiment = search.layer(best) | {"evaluate": "test", "seeds": list(search.test_seeds)}
    experiment |= {"name": f"{search.name}-chosen"}
    file = study_path(store, search.name).parent / "chosen.toml"
    write_atomically(file, tomli_w.dumps(experiment).encode())
    return Choice(best.user_attrs["label"], best.user_attrs["replayed"], best.values[0], experiment, file)


def test_study(
    search: Search, choice: Choice, machine: Machine, scenarios: dict[str, Scenario]
) -> tuple[Study, dict[str, Prepared]]:
    """The study that compares the choice with other ways of spending as much, on test data and unseen seeds.

    Shapes that come to the same counts are one cell.
    """
    others = allocations(search.info, sum(choice.counts))
    counts = {"chosen": list(choice.counts), **{name: others[shape] for name, shape in TESTED.items()}}
    names: dict[tuple[int, ...], list[str]] = {}
    for name, of in counts.items():
        names.setdefault(tuple(of), []).append(name)
    prepared_cells: dict[str, Prepared] = {}
    for shared, called in names.items():
        layer = choice.experiment if "chosen" in called else choice.experiment | search.allocated(shared)
        identity = {"name": f"{search.name}-test"}
        experiment = check(Experiment, layer | identity, f"the cell '{called[0]}'")
        prepared_cells[" = ".join(called)] = prepare(experiment, machine, scenarios)
    cells = tuple(
        Cell.of(name, {"counts": list(spent)}, prepared)
        for (name, prepared), spent in zip(prepared_cells.items(), names, strict=True)
    )
    baseline = next(name for name in prepared_cells if "fixed" in name.split(" = "))
    description = f"{search.name}: the chosen counts against others of the same sum, on test data"
    name = f"{search.name}-test"
    return Study(
        name=name, description=description, baseline=baseline, seeds=search.test_seeds, cells=cells
    ), prepared_cells


def _result(search: Search, finished: Sequence[FrozenTrial], store: Path, tracking_uri: str | None) -> StudyResult:
    study = search.as_study(finished)
    save_study(store, study)
    return compare_cells(study, load_records(study, store, tracking_uri))
