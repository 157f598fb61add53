"""A user's own files as a scenario: what is read, how it is scaled, and what is refused before training."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cltk
from cltk.api import Machine, load
from cltk.build import prepare
from cltk.errors import CltkError, DataError
from cltk.interfaces import Buffer, Streams
from cltk.runs.repeat import experiment_of
from cltk.runs.runner import execute
from cltk.testing import conformance_tests
from cltk_scenarios import csv_table
from cltk_scenarios.csv_table import read_csv
from cltk_scenarios.features import Features

CLASSES = 4


def table(count: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of three values that tell four classes apart, each class further out than the one before."""
    labels = np.arange(count) % CLASSES
    noise = np.random.default_rng(seed).normal(0, 0.1, (count, 3))
    return (labels[:, None] * [1.0, 10.0, -2.0] + noise).astype(np.float32), labels


def written(folder: Path, name: str = "data.csv", count: int = 80, seed: int = 0) -> Path:
    x, y = table(count, seed)
    path = folder / name
    if name.endswith(".csv"):
        rows = zip(x.tolist(), y, strict=True)
        lines = ["a,b,c,kind", *(",".join(map(str, [*row, f"class {label}"])) for row, label in rows)]
        path.write_text("\n".join(lines) + "\n")
    elif name.endswith(".npy"):
        np.save(path, np.column_stack([x, y]))
    else:
        np.savez(path, x=x, y=y)
    return path


def build(path: Path | str, *folders: Path, seed: int = 0, **settings: Any) -> Features:
    given = {"path": str(path), "tasks": 2, **settings}
    return Features(Features.Config(**given), folders, seed)


_SAMPLE = written(Path(tempfile.mkdtemp(prefix="cltk-features-")))

test_features = conformance_tests(Features, {"path": str(_SAMPLE), "tasks": 2, "class_order": "seed"})


@pytest.mark.parametrize("name", ["data.csv", "data.npz", "data.npy", "DATA.CSV"])
def test_all_formats_hold_the_same(tmp_path: Path, name: str) -> None:
    if name == "DATA.CSV":
        written(tmp_path).rename(tmp_path / name)
    else:
        written(tmp_path, name)
    scenario = build(tmp_path / name)
    assert scenario.info.shape == (1, 1, 3)
    assert scenario.info.classes == ((0, 1), (2, 3))
    assert scenario.info.sizes == (32, 32)
    assert [len(task.test) for task in scenario.tasks] == [8, 8]
    expected = build(written(tmp_path, "other.npz"))
    for task, other in zip(scenario.tasks, expected.tasks, strict=True):
        assert torch.allclose(task.train.x, other.train.x)
        assert torch.equal(task.train.y, other.train.y)


def test_the_first_task_alone_sets_the_scale(tmp_path: Path) -> None:
    x, y = table()
    scenario = build(written(tmp_path))
    first = scenario.tasks[0].train.x
    assert torch.equal(first.amin(0).flatten(), torch.zeros(3))
    assert torch.equal(first.amax(0).flatten(), torch.ones(3))
    later = scenario.tasks[1].train.x
    assert later[..., 1].min() == 1.0, "values beyond those of the first task are clipped"
    # What comes after the first task makes no difference to it.
    np.savez(tmp_path / "far.npz", x=np.where(y[:, None] < 2, x, 1e6 * x), y=y)
    assert torch.equal(build(tmp_path / "far.npz").tasks[0].train.x, first)
    assert torch.equal(build(tmp_path / "far.npz").tasks[0].test.x, scenario.tasks[0].test.x)


def test_its_values_are_stored_as_they_are(tmp_path: Path) -> None:
    scenario = build(written(tmp_path))
    task = scenario.tasks[0]
    buffer = Buffer(len(task.train), scenario.info, torch.device("cpu"))
    buffer.add(task, Streams(0))
    assert {*map(tuple, buffer.all().x.flatten(1).tolist())} == {*map(tuple, task.train.x.flatten(1).tolist())}


def test_a_run_that_is_restored_has_stored_them_as_they_are(tmp_path: Path) -> None:
    scenario = {"name": "features", "path": str(written(tmp_path)), "tasks": 2}
    budget = {"epochs": 1, "min_steps": 0}
    experiment = load(scenario=scenario, strategy={"name": "der", "buffer": 20, "classifier": budget})
    record = cltk.run(experiment, 0, tmp_path / "runs", Machine("cpu", threads=1), sinks=())
    stored = cltk.restore(record.run_id, tmp_path / "runs", Machine("cpu")).strategy.preview(20, Streams(0))
    given = {tuple(x) for task in build(written(tmp_path)).tasks for x in task.train.x.flatten(1).tolist()}
    assert stored is not None
    assert {tuple(x) for x in stored.x.flatten(1).tolist()} <= given


def test_the_scale_follows_the_order_of_the_classes_and_leaves_held_out_data_aside(tmp_path: Path) -> None:
    scenario = build(written(tmp_path), class_order=(3, 2, 1, 0), validation=0.25)
    assert scenario.tasks[0].classes == (3, 2)
    assert float(scenario.tasks[0].train.x[..., 1].max()) == 1.0
    raw = {
        name: build(tmp_path / "data.csv", validation=share).tasks[0] for name, share in (("all", 0.0), ("some", 0.5))
    }
    assert not torch.equal(raw["all"].test.x, raw["some"].test.x)


def test_images_have_one_scale(tmp_path: Path) -> None:
    x = np.zeros((40, 2, 2), np.uint8)
    x[:, 0, 0], x[:, 0, 1] = np.arange(40), 100
    np.savez(tmp_path / "images.npz", pixels=x, kind=np.arange(40) % 2)
    scenario = build(tmp_path / "images.npz", tasks=1, values="pixels", label="kind")
    assert scenario.info.shape == (1, 2, 2)
    assert scenario.tasks[0].train.x[:, 0, 0, 1].unique().tolist() == [1.0]
    assert scenario.tasks[0].train.x[:, 0, 0, 0].max() < 0.4
    flat = np.column_stack([x.reshape(40, 4), np.arange(40) % 2])
    np.save(tmp_path / "images.npy", flat)
    again = build(tmp_path / "images.npy", tasks=1, shape=(1, 2, 2))
    assert torch.equal(again.tasks[0].train.x, scenario.tasks[0].train.x)


def test_a_value_that_does_not_vary_in_the_first_task_keeps_its_own_scale(tmp_path: Path) -> None:
    y = np.arange(40) % 4
    np.savez(tmp_path / "data.npz", x=np.column_stack([y, y == 3]).astype(float), y=y)
    later = build(tmp_path / "data.npz").tasks[1].train
    assert torch.equal(later.x[:, 0, 0, 1], (later.y == 3).float())


def test_a_test_file_is_tested_on(tmp_path: Path) -> None:
    train, test = written(tmp_path), written(tmp_path, "test.npz", count=12, seed=1)
    np.savez(test, x=table(12, 1)[0], y=[f"class {label}" for label in table(12, 1)[1]])
    scenario = build(train, test_path=str(test))
    assert scenario.info.sizes == (40, 40)
    assert [len(task.test) for task in scenario.tasks] == [6, 6]


def test_files_are_found_in_the_data_folders(tmp_path: Path) -> None:
    written(tmp_path / ".", "mine.csv")
    assert build("mine.csv", tmp_path).info.sizes == (32, 32)


def test_columns_are_named_or_numbered_and_semicolons_understood(tmp_path: Path) -> None:
    rows = [
        f"{label};{value:.2f};{-value:.2f}" for label, value in zip([10, 9] * 10, np.linspace(0, 1, 20), strict=True)
    ]
    (tmp_path / "bare.csv").write_text("\n".join(rows))
    (tmp_path / "named.csv").write_text("\n".join(["kind;a;b", *rows]))
    bare, named = build(tmp_path / "bare.csv", label="0", tasks=1), build(tmp_path / "named.csv", label="kind", tasks=1)
    assert torch.equal(bare.tasks[0].train.x, named.tasks[0].train.x)
    # Classes are sorted as the numbers that they are: 9 is class 0, and odd lines hold it.
    assert bare.tasks[0].train.y.sum() == 8


@pytest.mark.parametrize(
    ("top", "kinds"),
    [
        ("0,1,2,kind", "wxyz"),  # As pandas names columns that have no names.
        ("10,20,30,kind", "0123"),
        ("10,20,30,kind", "wxyz"),
        ("a,b,c,d", "wxyz"),
    ],
)
def test_names_of_columns_are_no_sample(tmp_path: Path, top: str, kinds: str) -> None:
    x, y = table(8)
    path = tmp_path / "data.csv"
    path.write_text("\n".join([top, *(f"{a},{b},{c},{kinds[k]}" for (a, b, c), k in zip(x, y, strict=True))]))
    tasks = build(path, label=top.rpartition(",")[2]).tasks
    assert sum(len(task.train) + len(task.test) for task in tasks) == 8
    assert [task.classes for task in tasks] == [(0, 1), (2, 3)]


@pytest.mark.parametrize("kinds", ["0123", "wxyz"])
def test_a_file_needs_no_names_and_may_have_blanks(tmp_path: Path, kinds: str) -> None:
    x, y = table(8)
    path = tmp_path / "data.csv"
    path.write_text("\n".join(f"{a}, {b}, {c}, {kinds[k]}" for (a, b, c), k in zip(x, y, strict=True)))
    tasks = build(path).tasks
    assert sum(len(task.train) + len(task.test) for task in tasks) == 8


def test_names_do_not_count_where_the_values_of_a_large_file_are_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimates: list[int] = []
    monkeypatch.setattr(csv_table, "require_memory", lambda path, values: estimates.append(values))
    path = tmp_path / "data.csv"
    row = ",".join(["0"] * 100)
    path.write_text("\n".join([",".join(f"a_long_name_of_column_{n}" for n in range(100)), *[row] * 200]))
    read_csv(path, None)
    assert 15_000 < estimates[0] < 40_000  # Of 20,000.


def test_the_digest_is_recorded_and_checked(tmp_path: Path) -> None:
    machine = Machine("cpu", threads=1)
    path = written(tmp_path)
    slots = {"strategy": {"name": "finetune", "classifier": {"epochs": 1, "min_steps": 0}}}
    experiment = load(scenario={"name": "features", "path": str(path), "tasks": 2}, **slots)
    record = execute(prepare(experiment, machine), 0, tmp_path / "runs")
    digest = record.config["scenario"]["digest"]
    assert len(digest) == 16
    assert prepare(experiment_of(record), machine).config_hash == record.config_hash
    path.write_text(path.read_text() + "1,2,3,class 0\n")
    assert prepare(experiment, machine).config_hash != record.config_hash
    with pytest.raises(DataError, match=f"{digest} was recorded"):
        prepare(experiment_of(record), machine)


def _csv(text: str) -> Any:
    return lambda path: path.with_suffix(".csv").write_text(text) and path.with_suffix(".csv")


def _npz(**arrays: Any) -> Any:
    return lambda path: np.savez(path.with_suffix(".npz"), **arrays) or path.with_suffix(".npz")


def _npy(array: Any) -> Any:
    return lambda path: np.save(path.with_suffix(".npy"), array, allow_pickle=True) or path.with_suffix(".npy")


def _huge_npy(path: Path) -> Path:
    """A terabyte of zeros that take no room on the disk."""
    path = path.with_suffix(".npy")
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (2**28, 1001)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 4 * 2**28 * 1001)
    return path


def _huge_csv(path: Path) -> Path:
    path = path.with_suffix(".csv")
    with path.open("w") as file:
        file.write("a,b,c,kind\n1,2,3,4\n")
        file.truncate(2**42)
    return path


X, Y = table(8)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (_csv("a,b,kind\n1,2,x\n3,4,\n5,6,y\n"), "labels are missing: 1 of 3 samples, such as number 2"),
        (_csv("a,b,kind\n1,2,x\n3,4,NA\n5,6,y\n"), "labels are missing: 1 of 3 samples, such as number 2"),
        (_csv("7,8,kind\n1,2,0\n3,4,NA\n5,6,1\n"), "labels are missing: 1 of 3 samples, such as number 2"),
        (_csv("1,2,0\n3,4,nan\n5,6,1\n"), "labels are missing: 1 of 3 samples, such as number 2"),
        (_csv("a,b,kind\n1,2,x\n3,nan,y\n"), "not finite .*: 1 of 2 samples, such as number 2"),
        (_csv("a,b,kind\n1,2,x\n3,,y\n"), "line 3 has the value '', which is no number"),
        (_csv("a,b,kind\n1,2,x\n3,four,y\n"), "line 3 has the value 'four'"),
        (_csv("a,b,kind\n1,2,x\n3,4,x\n"), "the one class 'x'"),
        (_csv("a,b,kind\n1,2,x\n3,4\n5,6,y\n"), "line 3 has 2 fields instead of 3"),
        (_csv("a,b,kind\n1,2,x\n3,4,5,y\n"), "line 3 has 4 fields instead of 3"),
        (_csv("a,b,kind\n1,2,x\n3,4,x\n5,6,y\n"), "class 'y' has one sample"),
        (_csv("a,b,kind\n"), "it holds no values"),
        (_csv("kind\nx\ny\n"), "it holds no values"),
        (_npz(x=X, y=np.where(Y == 2, np.nan, Y)), "labels are missing: 2 of 8"),
        (_npz(x=np.where(X > 20, np.nan, X), y=Y), "not finite"),
        (_npz(x=X.astype(float) * 1e38, y=Y), "beyond float32"),
        (_npz(x=X, y=np.zeros(8)), "the one class '0.0'"),
        (_npz(x=X, y=Y[:7]), "it has 8 samples and 7 labels"),
        (_npz(x=X), "has no array 'y'"),
        (_npz(x=X, y=np.array([None] * 8)), "Cannot read"),
        (_npz(x=X[0], y=Y), "'x' is"),
        (_npy(X[:, 0]), "it is an array"),
        (_npy(np.array([[None]])), "Cannot read"),
        (_huge_npy, "larger than memory"),
        (_huge_csv, "larger than memory"),
        (lambda path: path.with_suffix(".txt").write_text("1,2") and path.with_suffix(".txt"), "of no kind"),
        (lambda path: path.with_suffix(".npz").write_bytes(b"PK") and path.with_suffix(".npz"), "Cannot read"),
        (lambda path: path.with_suffix(".csv").write_bytes(b"\xff\xfe1") and path.with_suffix(".csv"), "Cannot read"),
        (lambda path: path / "none.csv", "There is no file"),
    ],
)
def test_bad_files_are_refused_with_one_message(tmp_path: Path, write: Any, message: str) -> None:
    path = write(tmp_path / "bad")
    with pytest.raises(DataError, match=message) as caught:
        build(path)
    assert caught.value.advice
    assert "\n" not in caught.value.problem


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": 5}, "4 classes: 'tasks' must be at most 4"),
        ({"class_order": (0, 1, 2)}, "'class_order' must hold each class from 0 to 3"),
        ({"groups": ((0, 1), (4,)), "tasks": 2}, "'groups' must have classes from 0 to 3"),
        ({"shape": (1, 2, 2)}, "a sample has 3 values"),
        ({"label": "sort"}, "no column 'sort'"),
        ({"digest": "0" * 16}, "was recorded"),
    ],
)
def test_settings_that_do_not_fit_the_file_are_refused(tmp_path: Path, settings: Any, message: str) -> None:
    with pytest.raises(CltkError, match=message):
        build(written(tmp_path), **settings)


def test_a_test_file_must_fit(tmp_path: Path) -> None:
    train, test = written(tmp_path, "train.npz"), tmp_path / "test.npz"
    np.savez(test, x=X, y=Y + 1)
    with pytest.raises(DataError, match="class '4', which is not trained on"):
        build(train, test_path=str(test))
    np.savez(test, x=X[:, :2], y=Y)
    with pytest.raises(DataError, match="instead of"):
        build(train, test_path=str(test))
    np.savez(test, x=X[Y != 2], y=Y[Y != 2])
    with pytest.raises(DataError, match="no sample of the class '2'"):
        build(train, test_path=str(test))
