"""What Python users have: the same as the command line."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

import cltk
from cltk.build import Prepared, prepare
from cltk.config import Slot
from cltk.errors import ConfigError, StoreError
from cltk.events import Event, TaskEnded
from cltk.experiment import Experiment
from cltk.interfaces import RunGroup, Sink, Summary
from cltk.machine import Machine
from cltk.record import Record
from cltk.registry import find, load
from cltk.runs.runner import execute

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def prepared(make_digits: Callable[..., Any]) -> Prepared:
    return prepare(make_digits(scenario={"name": "split-digits", "per_class": 20}), Machine(device="cpu", threads=1))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def record(prepared: Prepared, store: Path) -> Record:
    return execute(prepared, 0, store)


def test_the_public_names_are_listed() -> None:
    assert {"load", "run", "load_runs", "restore", "train", "CltkError"} <= set(dir(cltk))
    assert all(getattr(cltk, name) is not None for name in dir(cltk))


class TestRestoring:
    def test_it_predicts_as_it_did_in_the_end(self, prepared: Prepared, record: Record, store: Path) -> None:
        restored = cltk.restore(record.run_id[:-3], store)
        for task, accuracy in zip(prepared.tasks, record.tasks[-1].accuracy, strict=True):
            scores = restored.predict(task.test.x.numpy())
            assert scores.shape == (len(task.test), 10)
            assert float((scores.argmax(1) == task.test.y).float().mean()) == pytest.approx(accuracy)

    def test_it_draws_the_same_images_for_the_same_seed(self, record: Record, store: Path) -> None:
        restored = cltk.restore(record.run_id, store)
        images = restored.sample(7, seed=3)
        assert images.shape == (7, 1, 8, 8)
        assert float(images.min()) >= 0
        assert float(images.max()) <= 1
        assert torch.equal(images, cltk.restore(record.run_id, store).sample(7, seed=3))
        assert not torch.equal(images, restored.sample(7, seed=4))

    def test_it_needs_no_data(self, record: Record, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(*arguments: Any) -> None:
            raise AssertionError("data was read")

        monkeypatch.setattr("cltk.build._load_scenario", missing)
        assert cltk.restore(record.run_id, store).record == record

    def test_one_without_a_generator_draws_nothing(
        self, make_digits: Callable[..., Any], machine: Machine, tmp_path: Path
    ) -> None:
        experiment = make_digits(scenario={"name": "split-digits", "per_class": 20}, strategy="gdumb", generator=None)
        record = execute(prepare(experiment, machine), 0, tmp_path)
        restored = cltk.restore(record.run_id, tmp_path)
        assert restored.strategy.buffer is not None
        assert len(restored.strategy.buffer) > 0
        with pytest.raises(ConfigError, match="has no generator"):
            restored.sample(1)

    def test_extras_come_back_in_the_order_that_the_strategy_gave(
        self, make_digits: Callable[..., Any], machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        orders: list[list[str]] = []
        strategy = load(find("strategy", "finetune"))
        extras = {"b": torch.ones(1), "a": torch.zeros(1)}
        monkeypatch.setattr(strategy, "state_dict", lambda self: extras)
        monkeypatch.setattr(strategy, "load_state_dict", lambda self, state: orders.append([*state]))
        scenario = {"name": "split-digits", "per_class": 5}
        record = execute(
            prepare(make_digits(scenario=scenario, strategy="finetune", generator=None), machine), 0, tmp_path
        )
        cltk.restore(record.run_id, tmp_path)
        assert orders[-1] == ["b", "a"]

    def test_what_cannot_be_restored_is_named(self, record: Record, store: Path, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="There is no run 'nothing'"):
            cltk.restore("nothing", store)
        copy = Path(shutil.copytree(store / record.run_id, tmp_path / record.run_id))
        (copy / "weights.safetensors").write_bytes(b"short")
        with pytest.raises(StoreError, match=r"weights\.safetensors' cannot be read"):
            cltk.restore(record.run_id, tmp_path)
        (copy / "weights.safetensors").unlink()
        with pytest.raises(StoreError, match="cannot be read"):
            cltk.restore(record.run_id, tmp_path)


class TestRows:
    def test_a_run_is_a_flat_row(self, record: Record, store: Path) -> None:
        (row,) = cltk.load_runs(store)
        assert row["id"] == record.run_id
        assert (row["name"], row["seed"], row["status"], row["hash"]) == ("run", 0, "finished", record.config_hash)
        assert row["generator.name"] == "vae"
        assert row["generator.latent_dim"] == 4
        assert row["strategy.classifier.epochs"] == 1
        assert row["final-average-accuracy"] == row["accuracy"] == record.final_accuracy
        assert row["parameters"] == record.parameters["total"]
        assert not any(isinstance(value, dict) for value in row.values())
        age = datetime.now().astimezone() - datetime.fromisoformat(row["written"])
        assert timedelta() <= age < timedelta(hours=1)

    def test_any_metric_may_be_asked_for(self, record: Record, store: Path) -> None:
        (row,) = cltk.load_runs(store, metrics=["operations"])
        assert row["operations"] == sum(record.operations)
        assert "diaz-bwt" not in row
        assert cltk.load_runs(store, name="another") == []
        with pytest.warns(UserWarning, match="There is no folder"):
            assert cltk.load_runs(store / "typo") == []

    def test_a_metric_of_several_runs_is_that_of_all_seeds_in_each_row(
        self, make_digits: Callable[..., Experiment], machine: Machine, tmp_path: Path
    ) -> None:
        def run(strategy: str) -> float:
            """The mean accuracy of two seeds on each task right after it."""
            budget = {"name": strategy, "classifier": {"epochs": 1, "min_steps": 0}}
            scenario = {"name": "split-digits", "per_class": 5}
            experiment = make_digits(scenario=scenario, strategy=budget, generator=None)
            ending = cltk.run(experiment, seeds=[0, 1], store=tmp_path, machine=machine)
            return statistics.fmean(task.accuracy[k] for each in ending.records for k, task in enumerate(each.tasks))

        reached = run("finetune")
        assert [row["intransigence"] for row in cltk.load_runs(tmp_path, metrics=["intransigence"])] == [None, None]
        gap = run("joint") - reached
        rows = cltk.load_runs(tmp_path, metrics=["intransigence", "operations"])
        found = {(row["strategy.name"], row["seed"]): row["intransigence"] for row in rows}
        assert found == {
            ("finetune", 0): pytest.approx(gap), ("finetune", 1): pytest.approx(gap), ("joint", 0): 0, ("joint", 1): 0,
        }  # fmt: skip
        assert all(row["operations"] > 0 for row in rows)

    def test_a_broken_one_is_left_out_with_a_warning(self, tmp_path: Path) -> None:
        (tmp_path / "broken").mkdir()
        (tmp_path / "broken" / "record.json").write_text("{")
        with pytest.warns(UserWarning, match="broken"):
            assert cltk.load_runs(tmp_path) == []

    def test_runs_of_version_1_are_rows_too(self, tmp_path: Path) -> None:
        folder = tmp_path / "run-22b840a06105-seed0"
        folder.mkdir()
        shutil.copy(DATA / "finetune-v1.json", folder / "record.json")
        (row,) = cltk.load_runs(tmp_path)
        assert row["classifier.hidden"] == [50, 50]
        assert row["diaz-cl-score"] == pytest.approx(0.33408163265306123)


class Listening(Sink):
    """Notes what it is told."""

    def __init__(self) -> None:
        super().__init__(self.Config(), Path())
        self.told: list[str] = []

    def observe(self, event: Event, record: Record) -> None:
        if isinstance(event, TaskEnded):
            self.told.append(f"task {event.task} of seed {record.seed}")

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        self.told.append(f"{group.kind} {[record.seed for record in records]}, {len(summary)} metrics")


class TestRunning:
    @pytest.fixture
    def quick(self, make_digits: Callable[..., Experiment]) -> Callable[..., Experiment]:
        def make(**changes: Any) -> Experiment:
            scenario = {"name": "split-digits", "per_class": 10, "tasks": 2}
            strategy = {"name": "finetune", "classifier": {"epochs": 1, "min_steps": 0}}
            return make_digits(scenario=scenario, strategy=strategy, generator=None, metrics=["diaz-ms"], **changes)

        return make

    def test_one_seed_gives_a_record(self, quick: Callable[..., Experiment], machine: Machine, tmp_path: Path) -> None:
        record = cltk.run(quick(), seed=3, store=tmp_path, machine=machine)
        assert (record.status, record.seed) == ("finished", 3)
        assert isinstance(cltk.run(quick(), store=tmp_path, machine=machine), Record)
        assert len(cltk.load_runs(tmp_path)) == 2

    def test_the_experiments_own_seeds_are_run(
        self, quick: Callable[..., Experiment], machine: Machine, tmp_path: Path
    ) -> None:
        ending = cltk.run(quick(seeds="1..2"), store=tmp_path, machine=machine)
        assert isinstance(ending, cltk.Ending)
        assert [record.seed for record in ending.records] == [1, 2]
        assert ending.summary == {"diaz-ms": {"mean": 1.0, "std": 0.0, "ci95": 0.0}}
        again = cltk.run(quick(), seeds=range(3), store=tmp_path, machine=machine, resume=True)
        assert isinstance(again, cltk.Ending)
        assert list(again.records[1:]) == list(ending.records)

    def test_progress_is_shown_where_it_is_wanted(
        self, quick: Callable[..., Experiment], machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        cltk.run(quick(), 0, tmp_path, machine)
        assert capsys.readouterr().err == ""
        cltk.run(quick(), 0, tmp_path, machine, progress=True)
        assert "seed 0, task 1 of" in capsys.readouterr().err

    def test_sinks_are_told(self, quick: Callable[..., Experiment], machine: Machine, tmp_path: Path) -> None:
        sink = Listening()
        cltk.run(quick(), seeds=[0, 1], store=tmp_path, machine=machine, sinks=[sink])
        tasks = [f"task {task} of seed {seed}" for seed in (0, 1) for task in (0, 1)]
        assert sink.told == [*tasks, "seeds [0, 1], 1 metrics"]

    def test_what_is_wrong_is_said(self, quick: Callable[..., Experiment], tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="There is no sink 'nothing'"):
            cltk.run(quick(), store=tmp_path, sinks=["nothing"])
        with pytest.raises(ConfigError, match="seeds"):
            cltk.run(quick(), seeds="none", store=tmp_path)
        with pytest.raises(ConfigError, match=r"nowhere\.toml"):
            cltk.run(tmp_path / "nowhere.toml", store=tmp_path)
        with pytest.raises(ConfigError, match="There is no sink '3'"):
            cltk.run(quick(), store=tmp_path, sinks=[3])  # type: ignore[list-item]
        with pytest.raises(ConfigError, match="Both 'seed' and 'seeds' are given"):
            cltk.run(quick(), seed=1, seeds=[2], store=tmp_path)  # type: ignore[call-overload]
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("seed", [-1, 1.5, True])
    def test_a_seed_is_a_whole_number(self, quick: Callable[..., Experiment], tmp_path: Path, seed: Any) -> None:
        with pytest.raises(ConfigError, match="seeds"):
            cltk.run(quick(), seed=seed, store=tmp_path)
        with pytest.raises(ConfigError, match="seeds"):
            next(cltk.train(quick(), seed=seed))

    def test_one_name_will_do_for_a_sink(self, quick: Callable[..., Experiment], tmp_path: Path) -> None:
        assert isinstance(cltk.run(quick(), store=tmp_path, sinks="none"), Record)

    def test_metrics_of_several_runs_are_in_the_summary(
        self, quick: Callable[..., Experiment], machine: Machine, tmp_path: Path
    ) -> None:
        experiment = quick().model_copy(
            update={"metrics": (Slot(name="diaz-cl-stability"), Slot(name="intransigence"))}
        )
        with pytest.warns(UserWarning, match="intransigence"):
            ending = cltk.run(experiment, seeds=[0, 1], store=tmp_path, machine=machine)
        assert isinstance(ending, cltk.Ending)
        assert ending.summary is not None
        assert list(ending.summary) == ["diaz-cl-stability"]
        assert 0 <= ending.summary["diaz-cl-stability"]["mean"] <= 1
        assert ending.notices == [
            "The metric 'intransigence': no finished run of its reference 'joint' is in the store."
        ]


@pytest.mark.parametrize("given", [{"generator": "vae"}, 3, None])
@pytest.mark.parametrize("call", [cltk.run, cltk.train])
def test_what_is_no_experiment_is_refused(call: Callable[[Any], Any], given: Any) -> None:
    with pytest.raises(ConfigError, match="Make one with cltk"):
        call(given)


def test_a_file_is_trained_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "quick.toml").write_text(
        'strategy = { name = "finetune", classifier.epochs = 1, classifier.min_steps = 0 }\n'
        'scenario = { name = "split-digits", per_class = 20 }\ntune.budget = 100\n'
    )
    assert sum(isinstance(event, TaskEnded) for event in cltk.train(tmp_path / "quick.toml")) == 5
    (tmp_path / "study.toml").write_text('ablate.axes.schedule = ["fixed", "linear"]\n')
    with pytest.raises(ConfigError, match="is a study of several experiments"):
        cltk.run(tmp_path / "study.toml")


def test_a_notebook_shows_the_matrix_a_figure_and_the_metrics(record: Record) -> None:
    text = record._repr_html_()
    assert text.count("<tr>") == 1 + len(record.tasks) + len(record.metrics)
    assert f"{100 * record.final_accuracy:.1f} %" in text
    svg = text[text.index("<svg") : text.index("</svg>") + len("</svg>")]
    figure = ElementTree.fromstring(svg)  # noqa: S314  (It is our own.)
    points = [line.attrib["points"].split() for line in figure.iter("polyline")]
    assert [len(line) for line in points] == [2, 2, 2, *range(len(record.tasks), 0, -1), len(record.tasks)]
    assert float(points[-1][-1].partition(",")[2]) == pytest.approx(8 + 144 * (1 - record.final_accuracy), abs=0.1)
    nasty = record.model_copy(update={"warnings": ["<script>"]})
    assert "<script>" not in nasty._repr_html_()
    assert len(repr(record)) < 100


def test_a_notebook_shows_the_means_of_several_seeds_and_each_of_them(
    make_digits: Callable[..., Any], tmp_path: Path
) -> None:
    experiment = make_digits(scenario={"name": "split-digits", "per_class": 20})
    ending = cltk.run(experiment, seeds="0..2", store=tmp_path, machine=Machine(threads=1))
    assert isinstance(ending, cltk.Ending)
    accuracies = [record.final_accuracy for record in ending.records]
    mean = f"{100 * statistics.fmean(accuracies):.1f} ± "
    assert repr(ending).startswith(f"<Ending: 3 of 3 seeds finished, final average accuracy {mean}")
    assert len(repr(ending)) < 100
    text = ending._repr_html_()
    assert f"final average accuracy {mean}" in text
    table = ElementTree.fromstring(text[text.index("<table>") : text.index("</table>") + len("</table>")])  # noqa: S314
    last = [cell.text or "" for cell in list(table)[-1]]
    assert last[2].startswith(f"{100 * statistics.fmean(each.accuracy[-1][0] for each in ending.records):.1f} ± ")
    assert text.count("<svg") == 1
    assert all(f"<td>{100 * accuracy:.1f}</td>" in text for accuracy in accuracies)


def test_what_failed_is_shown_with_its_reason(record: Record) -> None:
    failed = record.model_copy(update={"status": "failed", "error": "<broken>", "seed": 1})
    ending = cltk.Ending([record, failed], None, [])
    assert "1 of 2 seeds finished" in repr(ending)
    assert "&lt;broken&gt;" in ending._repr_html_()


def test_errors_say_what_to_do_in_python(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'cltk.load\(generator="vae"\)'):
        cltk.run(tmp_path / "nosuch.toml")


def test_forgetting_is_what_its_metric_says(record: Record) -> None:
    assert record.forgetting == pytest.approx(record.metrics["chaudhry-forgetting"])


class TestLoading:
    """What is wrong with an experiment is said where it is made, and not where it is run."""

    def test_components_and_fields_are_checked_at_once(self) -> None:
        with pytest.raises(ConfigError) as caught:
            cltk.load(strategy="finetun", generator__latent_dim="x", seeds="0-4", metrics=["acuracy"])
        assert [fault.at for fault in caught.value.faults] == ["seeds", "strategy", "generator.latent_dim", "metrics.0"]
        assert "There is no strategy 'finetun'.\nDid you mean 'finetune'?" in str(caught.value)
        assert "field 'latent_dim' is 'x', expected a whole number.\nFor example:" in str(caught.value)

    def test_so_is_a_component_that_the_strategy_does_not_use(self) -> None:
        with pytest.raises(ConfigError, match="no use for a generator"):
            cltk.load(strategy="finetune", generator="vae")

    def test_the_place_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "bad.toml").write_text('[generator]\nname = "vae"\nbta = 1\n')
        with pytest.raises(ConfigError, match=r"bad\.toml:3: generator 'vae': there is no field 'bta'"):
            cltk.load(tmp_path / "bad.toml")
