"""Sinks: which there are, what they are told, and that none of them costs a result."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from cltk import registry
from cltk.build import Prepared, prepare
from cltk.config import Settings
from cltk.distributions import Provider
from cltk.errors import ConfigError, PluginError
from cltk.events import Event, TaskEnded
from cltk.experiment import Experiment
from cltk.interfaces import RunGroup, Sink, Summary
from cltk.machine import Machine
from cltk.record import Record
from cltk.record_file import read_record
from cltk.runs.seeds import run_seeds
from cltk.runs.sinks import Sinks, make_sinks


class Diary(Sink):
    """Writes down what it is told."""

    class Config(Settings):
        word: str = "-"

    told: list[str]

    def __init__(self, config: Settings, store: Path) -> None:
        super().__init__(config, store)
        self.told = []

    def observe(self, event: Event, record: Record) -> None:
        print("noise")
        if isinstance(event, TaskEnded) and event.task == 0:
            self.told.append(f"task of seed {record.seed}")

    def finish(self, record: Record) -> None:
        self.told.append(f"{record.status} seed {record.seed}")

    def begin_group(self, group: RunGroup) -> None:
        self.told.append(f"begin {group.kind} {group.name} {group.seeds}")

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        self.told.append(f"end {len(records)} {bool(summary)}")

    def close(self) -> Sequence[str]:
        return ["The diary is full."]


HERE = f"{__name__}:Diary"


class Other(Diary):
    """Another one, which no distribution offers as a default."""


class Raising(Diary):
    """Raises in one of its methods."""

    def __init__(self, method: str, error: BaseException | None = None) -> None:
        super().__init__(self.Config(), Path())
        self.error = error or KeyError("ink")
        setattr(self, method, self._raise)

    def _raise(self, *arguments: object) -> None:
        raise self.error


class Signalling(Diary):
    """Stands for a user who presses Ctrl-C twice while a sink is told something."""

    def observe(self, event: Event, record: Record) -> None:
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)


class Slow(Diary):
    """Stands for a sink that has much to write at the end, and for a user who does not wait for it."""

    def close(self) -> Sequence[str]:
        signal.raise_signal(signal.SIGINT)
        return ()


@pytest.fixture
def prepared(make_digits: Callable[..., Experiment], machine: Machine) -> Prepared:
    return prepare(make_digits(strategy="finetune", generator=None, name="diary"), machine)


@pytest.fixture
def both_seeds(make_digits: Callable[..., Experiment], machine: Machine) -> Prepared:
    return prepare(make_digits(strategy="finetune", generator=None, name="diary", seeds=[0, 1]), machine)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Makes entry points of the group ``cltk.sinks``, and defaults, as installed by a distribution ``diaries``."""

    def install(sinks: dict[str, str], default: str | None = None) -> None:
        points = [EntryPoint(name, target, "cltk.sinks") for name, target in sinks.items()]
        points += [EntryPoint("sink", default, "cltk.defaults")] if default else []
        provider = Provider("diaries", "1.0", (), tuple(points))
        monkeypatch.setattr(registry, "providers", lambda: [provider])
        registry.installed.cache_clear()

    yield install
    monkeypatch.undo()
    registry.installed.cache_clear()


def test_a_sink_is_told_of_the_group_of_its_runs_and_of_their_ends(both_seeds: Prepared, tmp_path: Path) -> None:
    diary = Diary(Diary.Config(), tmp_path)
    ending = run_seeds(both_seeds, tmp_path, Sinks({"diary": diary}))
    assert diary.told == [
        "begin seeds diary (0, 1)",
        "task of seed 0",
        "finished seed 0",
        "task of seed 1",
        "finished seed 1",
        "end 2 True",
    ]
    assert ending.notices == ["The diary is full."]


def test_a_run_that_was_finished_before_is_told_of_too(prepared: Prepared, tmp_path: Path) -> None:
    run_seeds(prepared, tmp_path, Sinks())
    diary = Diary(Diary.Config(), tmp_path)
    run_seeds(prepared, tmp_path, Sinks({"diary": diary}), resume=True)
    assert diary.told == ["begin seeds diary (0,)", "finished seed 0", "end 1 False"]


@pytest.mark.parametrize("method", ["begin_group", "observe", "finish"])
def test_the_record_says_which_sink_failed_and_why(prepared: Prepared, tmp_path: Path, method: str) -> None:
    diary = Diary(Diary.Config(), tmp_path)
    ending = run_seeds(prepared, tmp_path, Sinks({"raising": Raising(method), "diary": diary}))
    assert ending.exit_status == 0
    assert diary.told[-1] == "end 1 False"
    assert ending.records[0].sink_failures == {"raising": "KeyError: 'ink'"}
    assert read_record(tmp_path / ending.records[0].run_id / "record.json") == ending.records[0]
    assert "The sink 'raising' failed and was told nothing more: KeyError: 'ink'" in ending.notices


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("method", ["begin_group", "observe"])
def test_a_sink_cannot_end_a_run_as_its_user_can(
    prepared: Prepared, tmp_path: Path, method: str, error: BaseException
) -> None:
    ending = run_seeds(prepared, tmp_path, Sinks({"raising": Raising(method, error)}))
    assert ending.exit_status == 0
    assert [*ending.records[0].sink_failures] == ["raising"]


def test_the_user_can_end_a_run_while_a_sink_is_told_something(prepared: Prepared, tmp_path: Path) -> None:
    ending = run_seeds(prepared, tmp_path, Sinks({"signalling": Signalling(Diary.Config(), tmp_path)}))
    assert ending.exit_status == 130
    assert not ending.records[0].sink_failures


def test_the_result_is_there_for_a_user_who_does_not_wait_for_sinks(prepared: Prepared, tmp_path: Path) -> None:
    ending = run_seeds(prepared, tmp_path, Sinks({"slow": Slow(Diary.Config(), tmp_path)}))
    assert [record.finished for record in ending.records] == [True]
    assert "Not waited for, so that it may lack something: the sink 'slow'." in ending.notices


@pytest.mark.parametrize("method", ["finish_group", "close"])
def test_a_failure_after_the_runs_is_a_notice(prepared: Prepared, tmp_path: Path, method: str) -> None:
    ending = run_seeds(prepared, tmp_path, Sinks({"raising": Raising(method)}))
    assert ending.exit_status == 0
    assert any("'raising' failed" in notice for notice in ending.notices)


def test_what_a_sink_prints_goes_to_standard_error(
    prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_seeds(prepared, tmp_path, Sinks({"diary": Diary(Diary.Config(), tmp_path)}))
    printed = capsys.readouterr()
    assert (printed.out, "noise" in printed.err) == ("", True)


def test_installed_defaults_are_used_unless_sinks_are_named(install: Callable[..., None], tmp_path: Path) -> None:
    install({"diary": HERE, "other": HERE}, default=HERE)
    assert set(make_sinks(None, {}, tmp_path)._sinks) == {"diary", "other"}
    assert set(make_sinks(["other"], {}, tmp_path)._sinks) == {"other"}
    assert set(make_sinks(["none"], {}, tmp_path)._sinks) == set()


def test_a_sink_that_is_made_already_joins_them(install: Callable[..., None], tmp_path: Path) -> None:
    install({})
    assert set(make_sinks(None, {}, tmp_path, [Diary(Diary.Config(), tmp_path)])._sinks) == {"Diary"}


@pytest.mark.parametrize("table", ["my-diary", "my_diary", "diaries:my_diary"])
def test_dashes_in_the_name_of_a_sink_count_as_underscores(
    install: Callable[..., None], tmp_path: Path, table: str
) -> None:
    """As files and options make them."""
    install({"my-diary": HERE})
    (diary,) = make_sinks(["my-diary"], {table: {"word": "ink"}}, tmp_path)._sinks.values()
    assert diary.config == Diary.Config(word="ink")


def test_a_sink_that_is_named_twice_is_made_once(install: Callable[..., None], tmp_path: Path) -> None:
    install({"diary": HERE})
    assert set(make_sinks(["diary", "Diaries:diary", "diary"], {}, tmp_path)._sinks) == {"diary"}


def test_settings_reach_their_sink(install: Callable[..., None], tmp_path: Path) -> None:
    install({"diary": HERE, "other": HERE})
    (diary,) = make_sinks(["diary"], {"diary": {"word": "ink"}, "other": {"word": "unused"}}, tmp_path)._sinks.values()
    assert diary.config == Diary.Config(word="ink")
    with pytest.raises(ConfigError, match="sink 'diary': there is no field 'wrod'"):
        make_sinks(["diary"], {"diary": {"wrod": "ink"}}, tmp_path)


@pytest.mark.parametrize(
    ("named", "unused"), [(None, ["other"]), (["other"], ["diary"]), (["none"], ["diary", "other"])]
)
def test_settings_of_a_sink_that_is_not_used_are_said(
    install: Callable[..., None], tmp_path: Path, named: list[str] | None, unused: list[str]
) -> None:
    install({"diary": HERE, "other": f"{__name__}:Other"}, default=HERE)
    notices = make_sinks(named, {"diary": {"word": "ink"}, "other": {"word": "ink"}}, tmp_path).close()
    assert [notice.split("'")[1] for notice in notices if "not used" in notice] == unused


def test_tables_that_name_a_sink_in_different_ways_hold_together(install: Callable[..., None], tmp_path: Path) -> None:
    install({"my-diary": HERE})
    tables = {"my_diary": {"word": "ink"}, "diaries:my_diary": {"wrod": "ink"}}
    with pytest.raises(ConfigError, match="there is no field 'wrod'"):
        make_sinks(["my-diary"], tables, tmp_path)


def test_an_unknown_sink_is_refused_with_the_nearest_name(install: Callable[..., None], tmp_path: Path) -> None:
    install({"diary": HERE})
    for arguments in ((["dairy"], {}), (["none"], {"dairy": {}})):
        with pytest.raises(ConfigError, match="There is no sink 'dairy'") as caught:
            make_sinks(*arguments, tmp_path)
        assert "diary" in caught.value.advice


def test_a_broken_sink_is_refused_where_it_is_named_and_left_out_where_it_is_a_default(
    install: Callable[..., None], tmp_path: Path
) -> None:
    install({"broken": "no_such_module:Sink"}, default="no_such_module:Sink")
    with pytest.raises(PluginError, match="no_such_module"):
        make_sinks(["broken"], {}, tmp_path)
    sinks = make_sinks(None, {}, tmp_path)
    assert "cannot be imported" in sinks.failures["broken"]
    assert "'broken' failed" in sinks.close()[0]
