"""The choice of a search, and the study that compares it with others on test data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from optuna.trial import FrozenTrial

from cltk.build import Prepared, prepare
from cltk.config import Overrides, check
from cltk.experiment import Experiment
from cltk.files import write_atomically
from cltk.runs.folder import config_toml
from cltk_studies.questions.objective import Objective
from cltk_studies.questions.search import DEFAULTS, Search
from cltk_studies.questions.study import Cell, Study, study_path
from cltk_studies.work.ending import ChosenTrial

if TYPE_CHECKING:
    from cltk_studies.work.site import StudySite

__all__ = ["choose_trial", "prepare_test"]

_BASELINE = "fixed"
"""What a chosen allocation is compared with."""


def choose_trial(search: Search, finished: Sequence[FrozenTrial], store: Path) -> ChosenTrial:
    """Chooses the best trial by the objectives in their order, and writes its file.

    Of two alike, the one that replays less is better. A trial that spends no budget is chosen where there is no other.
    """
    directions = Objective.find(search.objective, search.experiment.get("metrics", ())).directions
    signs = [1 if direction == "maximize" else -1 for direction in directions]
    has_budget = search.allocation is not None and search.allocation.budget is not None
    spending = [trial for trial in finished if not has_budget or any(trial.user_attrs["replayed"])]

    def quality(trial: FrozenTrial) -> tuple[float, ...]:
        values = [sign * value for sign, value in zip(signs, trial.values, strict=True)]
        return (*values, -sum(trial.user_attrs["replayed"]), -trial.number)

    best = max(spending or finished, key=quality)
    experiment = search.layer(best) | {
        "name": f"{search.name}-chosen", "evaluate": "test", "seeds": list(search.test_seeds),
    }  # fmt: skip
    file = study_path(store, search.name).parent / "chosen.toml"
    chosen = ChosenTrial(
        label=best.user_attrs["label"],
        counts=best.user_attrs["replayed"],
        accuracy=best.user_attrs.get("accuracy", best.values[0]),
        values=dict(zip(search.objective, best.values, strict=True)),
        experiment=experiment,
        file=file,
    )
    text = f"{''.join(_comments(search, chosen, len(finished)))}\n{config_toml(experiment)}"
    write_atomically(file, text.encode())
    return chosen


def prepare_test(search: Search, chosen: ChosenTrial, site: StudySite) -> tuple[Study, dict[str, Prepared]]:
    """Prepares the study that compares the choice with others on test data and unseen seeds.

    Others are the same experiment with other ways of spending as much, where the search was about that; else the
    experiment that it started from. What comes to the same is one cell.
    """
    name = f"{search.name}-test"
    names: dict[str, list[str]] = {}
    cells: dict[str, tuple[Overrides, Prepared]] = {}
    for label, (settings, layer) in _compared(search, chosen).items():
        prepared = prepare(
            check(Experiment, {**layer, "name": name}, f"the cell '{label}'"), site.machine, site.scenarios
        )
        names.setdefault(prepared.config_hash, []).append(label)
        cells.setdefault(prepared.config_hash, (settings, prepared))
    prepared_cells = {" = ".join(names[key]): prepared for key, (_, prepared) in cells.items()}
    baseline = _BASELINE if search.allocation else DEFAULTS
    study = Study(
        name=name,
        description=f"{search.name}: what was chosen, against others on test data",
        baseline=next(label for label in prepared_cells if baseline in label.split(" = ")),
        seeds=search.test_seeds,
        cells=tuple(Cell.of(" = ".join(names[key]), *cells[key]) for key in cells),
        objective=search.objective,
    )
    return study, prepared_cells


def _comments(search: Search, chosen: ChosenTrial, trials: int) -> Iterator[str]:
    """How the choice came about, as comments for its file, a line each."""
    values = ", ".join(f"{name} {value:.4f}" for name, value in chosen.values.items())
    seeds = ", ".join(map(str, search.seeds))
    yield f"# Chosen by cltk tune '{search.name}' from {trials} trials, on validation data, seeds {seeds}: {values}.\n"
    if search.allocation:
        budget = search.allocation.budget
        among = "" if budget is None else f", of a budget of {budget:,}"
        yield f"# Over all tasks it replays {sum(chosen.counts):,} samples in an epoch{among}.\n"
    held_out = chosen.experiment["scenario"].get("validation")
    if held_out:
        yield f"# As in the search, scenario.validation = {held_out} keeps that share of the training data out of\n"
        yield "# training; 0 trains on all of it.\n"


def _compared(search: Search, chosen: ChosenTrial) -> Mapping[str, tuple[Overrides, Overrides]]:
    """What is compared, by name: what a cell sets, and its experiment."""
    if search.allocation is None:
        usual = {key: chosen.experiment[key] for key in ("evaluate", "seeds")}
        return {"chosen": ({}, chosen.experiment), DEFAULTS: ({}, search.experiment | usual)}
    counts = {"chosen": list(chosen.counts), **search.allocation.alternatives(chosen.counts)}
    return {
        name: (
            {"counts": spent},
            chosen.experiment if name == "chosen" else chosen.experiment | search.allocation.layer(spent),
        )
        for name, spent in counts.items()
    }
