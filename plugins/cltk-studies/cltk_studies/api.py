"""Studies from Python: the same as the commands of these names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack, cast

from cltk.config import Overrides
from cltk.errors import ConfigError, Faults
from cltk.experiment import Experiment
from cltk.interfaces import Sink
from cltk.layers import read_toml
from cltk.machine import Machine
from cltk.mappings import deep_merge
from cltk.runs.sinks import NO_SINK
from cltk_studies.keywords import AblationKeywords, SiteKeywords, TuningKeywords
from cltk_studies.questions.files import split_ablation, split_tuning
from cltk_studies.questions.plan import Plan
from cltk_studies.work.ablation_study import AblationStudy
from cltk_studies.work.chosen_launcher import ChosenLauncher
from cltk_studies.work.chosen_sinks import ChosenSinks
from cltk_studies.work.database import folder_of
from cltk_studies.work.display import Display, NoDisplay
from cltk_studies.work.ending import Ending
from cltk_studies.work.limits import Limits
from cltk_studies.work.search_study import SearchStudy
from cltk_studies.work.site import StudySite

__all__ = ["ablate", "plan_ablation", "plan_tuning", "tune"]


def ablate(
    experiment: str | Path | Experiment,
    *,
    detach: bool = False,
    progress: bool = False,
    **given: Unpack[AblationKeywords],
) -> Ending:
    """Runs every cell of a study with every seed, and compares them.

    What is finished is not run again: call it again after an interruption. A KeyboardInterrupt ends it with what is
    finished by then.

    Args:
        experiment: What all cells share: a file, whose table ``[ablate]`` is read, or an experiment.
        detach: Whether to leave the workers at work, and to return: called again without it, it waits for them.
        progress: Whether to show on standard error what is to be done, and what ends.
        given: What is varied, and where to work: see ``AblationKeywords``.

    Raises:
        CltkError: A cell is no valid experiment or cannot be run here; or the store or the database fails.
    """
    return _ablation(experiment, given, detach=detach).run(_display(progress))


def plan_ablation(experiment: str | Path | Experiment, **given: Unpack[AblationKeywords]) -> Plan:
    """What ``ablate`` would do, and what that would cost; nothing is written. It trains for a moment, to measure.

    Args:
        experiment: As of ``ablate``.
        given: What is varied, and where to work: see ``AblationKeywords``.

    Raises:
        CltkError: A cell is no valid experiment, or cannot be run here.
    """
    return _ablation(experiment, given).plan()


def tune(
    experiment: str | Path | Experiment,
    *,
    detach: bool = False,
    progress: bool = False,
    **given: Unpack[TuningKeywords],
) -> Ending:
    """Tunes an experiment on validation data, and compares the choice once with others on test data.

    What is finished is not run again: call it again after an interruption, or with more trials.

    Args:
        experiment: What is tuned: a file, whose table ``[tune]`` is read, or an experiment.
        detach: Whether to leave the workers at work, and to return: called again without it, it waits for them.
        progress: Whether to show on standard error what is to be done, and what ends.
        given: What is searched for, and where to work: see ``TuningKeywords``.

    Raises:
        CltkError: The experiment cannot be tuned so; or the store or the database fails.
    """
    return _search(experiment, given, detach=detach).run(_display(progress))


def plan_tuning(experiment: str | Path | Experiment, **given: Unpack[TuningKeywords]) -> Plan:
    """What ``tune`` would do from its beginning, and what that would cost; nothing is written. It trains for a moment.

    Args:
        experiment: As of ``tune``.
        given: What is searched for, and where to work: see ``TuningKeywords``.

    Raises:
        CltkError: The experiment cannot be tuned so.
    """
    return _search(experiment, given).plan()


def _ablation(experiment: str | Path | Experiment, given: AblationKeywords, *, detach: bool = False) -> AblationStudy:
    overrides, faults = _overrides(experiment), Faults()
    where, table = _split(given)
    ablation, base = split_ablation(overrides, table, faults)
    return _make_site(overrides, where, detach=detach).ablation(ablation, base, faults)


def _search(experiment: str | Path | Experiment, given: TuningKeywords, *, detach: bool = False) -> SearchStudy:
    overrides, faults = _overrides(experiment), Faults()
    where, table = _split(given)
    tuning, base = split_tuning(overrides, table, faults)
    return _make_site(overrides, where, detach=detach).search(tuning, base, faults)


def _split(given: SiteKeywords) -> tuple[SiteKeywords, dict[str, Any]]:
    """What is given of where to work, and the rest: fields of a table."""
    where = {name: value for name, value in given.items() if name in SiteKeywords.__annotations__}
    return cast("SiteKeywords", where), {name: value for name, value in given.items() if name not in where}


def _make_site(overrides: Overrides, given: SiteKeywords, *, detach: bool) -> StudySite:
    """The place for the study of an experiment, whose settings of launchers and sinks are read.

    Raises:
        ConfigError: There is no such number of workers, or settings are not valid.
    """
    where = None if (study_db := given.get("study_db")) is None else str(study_db)
    store = given.get("store")
    return StudySite(
        store=(folder_of(where) or Path()) / "runs" if store is None else Path(store),
        study_db=where,
        machine=given.get("machine") or Machine(threads=1),
        workers=_count(given.get("workers")),
        launcher=_launcher(overrides, given.get("launcher")),
        sinks=_sinks(overrides, given.get("sinks")),
        limits=given.get("limits") or Limits(),
        detached=detach,
    )


def _count(workers: int | None) -> int:
    if workers is None:
        return 1
    if type(workers) is not int or workers < 1:
        raise ConfigError(f"There cannot be {workers!r} workers.", "Give a whole number from 1 up.")
    return workers


def _launcher(overrides: Overrides, given: str | Mapping[str, Any] | None) -> ChosenLauncher:
    table = overrides.get("launcher", {})
    if isinstance(given, Mapping):
        return ChosenLauncher.read(None, deep_merge(table, given))
    return ChosenLauncher.read(given, table)


def _sinks(overrides: Overrides, given: str | Sequence[str | Sink] | None) -> ChosenSinks:
    read = ChosenSinks.read(overrides)
    wanted = read.names or () if given is None else given
    several = [wanted] if isinstance(wanted, str) else wanted
    names = [str(sink) for sink in several if not isinstance(sink, Sink)]
    return ChosenSinks(names or [NO_SINK], read.settings, [sink for sink in several if isinstance(sink, Sink)])


def _overrides(experiment: str | Path | Experiment) -> Overrides:
    if isinstance(experiment, Experiment):
        return experiment.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return read_toml(Path(experiment))


def _display(progress: bool) -> Display:
    if not progress:
        return NoDisplay()
    from cltk_studies.commands.study_progress import StudyProgress

    return StudyProgress()
