"""The commands that read and tell: ``plugins``, ``data`` and ``cite``."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bibtexparser
import pytest

import cltk
from cltk.cli.console import print_rows
from cltk.kinds import COMPONENTS, SLOTS
from cltk.registry import installed

Cli = Callable[..., Any]

EVERY = [(kind, plugin.name) for kind in COMPONENTS for plugin in installed(kind)]


class TestPlugins:
    def test_the_table_has_every_component(self, cli: Cli) -> None:
        done = cli("plugins", "list")
        assert done.status == 0
        for kind, name in EVERY:
            assert re.search(rf"{kind}\W+{name}\W", done.out)

    def test_json_has_them_too(self, cli: Cli) -> None:
        rows = cli("plugins", "list", "--json").json
        listed = [(row["kind"], row["name"]) for row in rows if row["kind"] in COMPONENTS]
        assert listed == EVERY
        defaults = {row["kind"]: row["name"] for row in rows if row["default"] and row["kind"] in SLOTS}
        assert defaults == {
            "scenario": "split-mnist",
            "strategy": "generative-replay",
            "generator": "vae",
            "classifier": "mlp",
            "schedule": "equal",
        }

    @pytest.mark.parametrize(("kind", "name"), EVERY)
    def test_each_can_be_shown(self, cli: Cli, kind: str, name: str) -> None:
        done = cli("plugins", "show", f"{kind}:{name}")
        assert done.status == 0
        assert f"{name}, a {kind} of cltk-" in done.out
        assert "Source:" in done.out

    def test_fields_come_with_type_default_and_range(self, cli: Cli) -> None:
        fields = {field["name"]: field for field in cli("plugins", "show", "vae", "--json").json["fields"]}
        assert fields["latent_dim"]["type"] == "integer"
        assert fields["latent_dim"]["default"] == 20
        assert fields["latent_dim"]["range"] == "> 0"
        nested = cli("plugins", "show", "generative-replay", "--json").json["fields"]
        defaults = {field["name"]: field["default"] for field in nested}
        assert defaults["classifier.epochs"] == 5
        assert defaults["generator.epochs"] == 50

    def test_an_ascii_terminal_gets_the_ranges_of_fields(self) -> None:
        command = [sys.executable, "-m", "cltk", "plugins", "show", "vae"]
        shown = subprocess.run(command, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=True)
        assert b">= 0" in shown.stdout
        assert b"?" not in shown.stdout

    def test_a_qualified_name_will_do(self, cli: Cli) -> None:
        assert cli("plugins", "show", "cltk-vae:vae", "--json").json["name"] == "vae"

    def test_it_says_what_a_component_follows_and_where_to_tune_it(self, cli: Cli) -> None:
        shown = cli("plugins", "show", "linear", "--json").json
        assert "Devoto 2024" in shown["source"]
        assert "Source:" not in shown["description"]
        assert shown["search_space"] == {"per_task": "0 to 6000"}
        assert "per_task: 0 to 6000" in cli("plugins", "show", "linear").out

    def test_one_kind_can_be_listed(self, cli: Cli) -> None:
        rows = cli("plugins", "list", "schedule", "--json").json
        assert [(row["kind"], row["name"]) for row in rows] == [each for each in EVERY if each[0] == "schedule"]
        assert "Did you mean 'schedule'?" in cli("plugins", "list", "scedule").said

    def test_it_says_how_to_use_a_plugin_and_set_its_fields(self, cli: Cli) -> None:
        for name, usage, option in (
            ("vae", "cltk run --generator vae", "--generator.<field>"),
            ("diaz-ce", "cltk run --metric diaz-ce", "--metric.diaz-ce.<field>"),
        ):
            shown = cli("plugins", "show", name, "--json").json
            assert (shown["usage"], shown["option"]) == (usage, option)
            assert all(text in cli("plugins", "show", name).out for text in (usage, option))

    def test_a_command_is_shown_too(self, cli: Cli) -> None:
        done = cli("plugins", "show", "sync")
        assert "sync, a command of cltk-mlflow" in done.out
        assert "cltk sync --help" in done.out
        assert not any(text in done.out for text in ("Source:", "options:"))


class TestCheck:
    def test_every_check_has_a_row(self, cli: Cli) -> None:
        done = cli("plugins", "check", "fixed", "--json")
        assert done.status == 0
        assert {row["component"] for row in done.json} == {"schedule fixed"}
        assert "builds" in {row["check"] for row in done.json}

    def test_fields_are_options(self, cli: Cli) -> None:
        assert cli("plugins", "check", "manual", "--schedule.counts", "0,10,20").status == 0
        done = cli("plugins", "check", "diaz-ce", "--metric.diaz-ce.epsilon", "-1")
        assert (done.status, "epsilon" in done.said) == (3, True)

    def test_a_strategy_is_checked_with_what_is_named(self, cli: Cli) -> None:
        quick = ["--strategy.classifier.epochs", "1", "--strategy.classifier.min-steps", "60"]
        done = cli("plugins", "check", "finetune", *quick, "--classifier", "mlp", "--classifier.hidden", "16", "--json")
        assert done.status == 0, done.err
        done = cli("plugins", "check", "finetune", "--classifier", "mpl")
        assert (done.status, "Did you mean 'mlp'?" in done.said) == (2, True)

    def test_a_field_of_something_else_is_refused(self, cli: Cli) -> None:
        done = cli("plugins", "check", "finetune", "--generator.hidden", "16")
        assert done.status == 2
        assert "Name one with --generator" in done.said


class TestData:
    def test_the_list_says_what_is_missing(self, cli: Cli) -> None:
        rows = {row["scenario"]: row["data"] for row in cli("data", "list", "--json").json}
        assert rows["split-digits"] == "comes with the package"
        assert rows["split-mnist"] == "missing 4 of 4 files"
        done = cli("data", "list")
        assert done.status == 0
        assert all(name in done.out for name in rows)

    def test_what_cannot_be_fetched_is_not_said_to_be_there(self, cli: Cli) -> None:
        done = cli("data", "fetch", "features", "--data-dir", "data")
        assert (done.status, "name it with --scenario.path" in done.said) == (0, True)

    def test_the_list_says_where_it_is(self, cli: Cli, mnist_folder: Path) -> None:
        rows = {row["scenario"]: row["data"] for row in cli("data", "list", "--json", "--data-dir", mnist_folder).json}
        assert rows["split-mnist"] == f"in {mnist_folder / 'MNIST' / 'raw'}"


class TestCite:
    def test_it_cites_the_toolkit_and_what_is_in_use(self, cli: Cli) -> None:
        out = cli("cite").out
        assert f"version = {{{cltk.__version__}}}" in out
        for work in ("1312.6114", "1705.08690", "10.1109/5.726791"):
            assert work in out

    def test_it_cites_what_a_component_follows(self, cli: Cli) -> None:
        out = cli("cite", "gdumb").out
        assert "10.1007/978-3-030-58536-5_31" in out
        assert "1705.08690" not in out

    def test_every_entry_can_go_into_a_paper_as_it_is(self, cli: Cli) -> None:
        library = bibtexparser.parse_string(cli("cite", *(f"{kind}:{name}" for kind, name in EVERY)).out)
        assert not library.failed_blocks, library.failed_blocks
        assert len({entry.key for entry in library.entries}) == len(library.entries) > 20
        for entry in library.entries:
            given = {field.key for field in entry.fields if field.value.strip("{} ")}
            assert given >= {"author", "title", "year"}, entry.raw
            assert given & {"booktitle", "journal", "howpublished", "version"}, entry.raw
            assert "and others" not in entry["author"]

    def test_a_file_or_a_run_stands_for_its_components(self, cli: Cli, finetune: list[str], tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text('scenario = "split-digits"\nstrategy = "gdumb"\n[ablate.axes]\nseeds = [1]\n')
        assert "GDumb" in cli("cite", "a.toml").out
        run_id = cli(*finetune, "--store", tmp_path, "--sink", "none", "--json").json["run_id"]
        for name in (run_id, "latest"):
            out = cli("cite", name, "--store", tmp_path).out
            assert "Optical Recognition of Handwritten Digits" in out
            assert "GDumb" not in out

    def test_a_study_stands_for_the_components_of_its_cells(self, cli: Cli, tmp_path: Path) -> None:
        cells = [
            {"experiment": {"scenario": {"name": "split-digits"}, "strategy": {"name": name}}}
            for name in ("joint", "gdumb")
        ]
        path = tmp_path / "studies" / "compared" / "study.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"cells": cells}))
        out = cli("cite", "compared", "--store", tmp_path).out
        assert "GDumb" in out
        assert "Optical Recognition of Handwritten Digits" in out
        assert "1801.10112" not in out

    def test_what_stands_for_nothing_is_refused_in_a_line(self, cli: Cli, tmp_path: Path) -> None:
        done = cli("cite", "gdumbb", "--store", tmp_path)
        assert done.status == 2
        assert "There is no component, study or run 'gdumbb'. Did you mean 'gdumb'?" in done.said
        assert "kubernetes" not in done.said

    def test_an_identifier_ends_before_the_parenthesis_that_it_stands_in(self, cli: Cli) -> None:
        assert "eprint = {1809.10635}," in cli("cite", "generative-replay").out


def test_python_m_cltk_is_the_command(child: Cli) -> None:
    done = child("--help")
    assert done.status == 0
    assert "run" in done.out


def test_a_row_that_is_too_wide_for_the_terminal_goes_on_below(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    print_rows([{"run": f"run-{number}", "settings": "strategy.classifier.epochs=5 " * 3} for number in (1, 2)], False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[1:4] == ["run-1  strategy.classifier.epochs=5"] + ["    strategy.classifier.epochs=5"] * 2


def test_a_study_is_cited_with_what_its_cells_name(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(
        'strategy.name = "finetune"\ngenerator.name = "vae"\n'
        '[[ablate.variants]]\nname = "a"\n[[ablate.variants]]\nname = "b"\nstrategy = "ewc"\n'
    )
    done = cli("cite", "study.toml")
    assert done.status == 0, done.err
    assert "1612.00796" in done.out  # Elastic weight consolidation.
    assert "1312.6114" in done.out
