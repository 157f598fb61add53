"""The result of a run as a person reads it: the order, the fit, and any terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cltk.display.matrix import AccuracyMatrix
from cltk.display.two_columns import TwoColumns
from cltk.record import Record
from cltk.record_file import read_record
from tests.commandline import Cli

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture
def record() -> Record:
    return read_record(DATA / "finetune-v1.json")


def rendered(matrix: AccuracyMatrix, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width).print(matrix)
    return stream.getvalue()


def square(tasks: int) -> AccuracyMatrix:
    return AccuracyMatrix([[1.0] * tasks] * (tasks + 1), [[2 * task, 2 * task + 1] for task in range(tasks)])


@pytest.mark.parametrize("tasks", [1, 2, 5, 10, 20, 50])
@pytest.mark.parametrize("width", [40, 50, 80, 140])
def test_a_matrix_fits_and_keeps_the_mean_and_every_digit(tasks: int, width: int) -> None:
    lines = rendered(square(tasks), width).splitlines()
    last = lines[-1].split()
    assert max(map(len, lines)) <= width
    assert last[:2] == ["after", str(tasks)]
    assert set(last[2:]) in ({"100"}, {"100.0"})
    if width < 60 or tasks < 20:
        assert "task" in "".join(lines) or len(last) < 20


def test_ten_tasks_have_all_columns_in_eighty() -> None:
    assert len(rendered(square(10), 80).splitlines()[-1].split()) == 2 + 1 + 10


def test_a_mean_matrix_has_deviations_where_they_fit() -> None:
    rows = [[0.5, 0.5], [1.0, 0.25], [0.75, 1.0]]
    matrix = AccuracyMatrix(rows, [[0], [1]], [[0.011] * 2, [0.021] * 2, [0.031] * 2])
    assert "75.0 ±3.1" in rendered(matrix, 80)
    assert ", ± deviation" in rendered(matrix, 80)
    narrow = rendered(matrix, 25)
    assert narrow.splitlines()[-1].split() == ["deviation", "±3", "±3"]
    assert narrow.count("±") == 2


def test_a_result_has_what_matters_first(cli: Cli, finetune: list[str], store: Path) -> None:
    done = cli(*finetune, "--store", store, "--name", "order")
    parts = ("finetune · mlp on split-digits, seed 0", "Final average accuracy", "after 5", "Forgetting", "diaz-bwt")
    parts += ("0 or 1 throughout:", "parameters", "Kept in", "cltk runs show order-", "cltk ui")
    places = [done.out.index(part) for part in parts]
    assert places == sorted(places)
    assert len(done.out.splitlines()) <= 40 - 3  # Three are the note of where there is no MNIST.
    assert max(len(line) for line in done.out.splitlines() if str(store) not in line) <= 80
    assert not any(line.endswith(" ") for line in done.out.splitlines())


def test_several_seeds_have_each_value_and_where_all_of_them_are(cli: Cli, finetune: list[str], store: Path) -> None:
    done = cli(*finetune, "--store", store, "--seeds", "2,3", "--name", "several")
    assert "(95 % interval; by seed: " in done.out
    assert "2 seeds say little" in done.out
    assert "Mean accuracy on each task (%) over 2 seeds, ± deviation" in done.out
    assert "-seed{2,3}" in done.out
    (kept,) = (line for line in done.out.splitlines() if line.startswith("Kept in"))
    beginning = kept.removeprefix("Kept in ").removesuffix("{2,3}")
    assert all(Path(f"{beginning}{seed}", "record.json").exists() for seed in (2, 3))


def test_a_warning_of_several_seeds_is_one_line(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    from cltk.cli.result import print_records

    texts = [
        "task 4, phase 'replay': replay has lost the class 1: it is under 1 % of a fair share",
        "task 5, phase 'replay': replay has lost the classes 1, 5: they are under 1 % of a fair share",
    ]
    others = [record.model_copy(update={"seed": seed, "warnings": texts}) for seed in (0, 1)]
    print_records(others)
    lines = [line for line in capsys.readouterr().out.splitlines() if "Warning" in line]
    assert lines == [f"Warning: seeds 0, 1: {texts[1]} (and 1 more such)"]
    print_records(others, said=texts)
    assert "Warning" not in capsys.readouterr().out


class TestStreams:
    """Standard output that is no UTF-8 terminal with room."""

    @pytest.fixture
    def show(self, record: Record, tmp_path: Path) -> Callable[..., Any]:
        folder = tmp_path / "runs" / record.run_id
        folder.mkdir(parents=True)
        folder.joinpath("record.json").write_bytes((DATA / "finetune-v1.json").read_bytes())
        command = [sys.executable, "-m", "cltk", "runs", "show", record.run_id]

        def show(redirection: str = "", **variables: str) -> Any:
            line = f"{' '.join(command)} {redirection}"
            environment = os.environ | {"COLUMNS": "80"} | variables
            return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment, cwd=tmp_path)

        return show

    def test_an_ascii_terminal_gets_words_for_signs(self, show: Callable[..., Any]) -> None:
        done = show(PYTHONIOENCODING="ascii")
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
        assert "finetune - mlp on split-digits" in done.stdout
        assert "?" not in done.stdout

    def test_a_full_disk_is_told_in_words(self, show: Callable[..., Any]) -> None:
        done = show("> /dev/full")
        assert done.returncode == 1
        assert "Cannot print the result: No space left on device" in done.stderr
        assert "Exception ignored" not in done.stderr

    def test_a_reader_that_leaves_early_is_no_error(self, show: Callable[..., Any]) -> None:
        done = show("| head -n 1")
        assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["cp1252", "koi8-r"])
def test_any_encoding_shows_what_it_has_signs_for(encoding: str) -> None:
    command = [sys.executable, "-m", "cltk", "plugins", "show", "diaz-bwt"]
    done = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert "BWT: mean change on tasks learned earlier: ?" in done.stdout.decode(encoding)
    assert ("Díaz" in done.stdout.decode(encoding)) == (encoding == "cp1252")


def test_a_mean_over_other_classes_says_so(cli: Cli, finetune: list[str], store: Path) -> None:
    done = cli(*finetune, "--scenario.class-order", "seed", "--store", store, "--seeds", "2,3", "--name", "orders")
    assert done.status == 0, done.err
    assert "mixes classes: each seed has its own order" in " ".join(done.out.split())


@pytest.mark.parametrize(("width", "lines"), [(80, 2), (30, 3)])
def test_metrics_are_in_two_columns_where_a_terminal_has_room(width: int, lines: int) -> None:
    stream = io.StringIO()
    rows = [("diaz-bwt", "-0.0084", "± 0.0265"), ("diaz-ce", "0.0032", "± 0.0000"), ("diaz-rem", "0.9", "± 0.1")]
    Console(file=stream, width=width, force_terminal=True, color_system=None).print(TwoColumns(rows))
    printed = stream.getvalue().splitlines()
    assert len(printed) == lines
    assert all(any(word in line for line in printed) for row in rows for word in row)
    Console(file=(piped := io.StringIO()), width=width).print(TwoColumns(rows))
    assert len(piped.getvalue().splitlines()) == len(rows)
