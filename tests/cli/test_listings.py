"""The commands that read and tell: ``plugins``, ``data`` and ``cite``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cltk
from cltk.kinds import COMPONENTS
from cltk.registry import installed

Cli = Callable[..., Any]

EVERY = [(kind, plugin.name) for kind in COMPONENTS for plugin in installed(kind)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("cltk run --schedule l", ["linear"]),
        ("cltk run --strategy g", ["gdumb", "generative-replay"]),
        ("cltk plugins show split-d", ["split-digits"]),
        ("cltk plugins new sc", ["scenario", "schedule"]),
    ],
)
def test_the_shell_completes_names(words: str, expected: list[str]) -> None:
    variables = {"_CLTK_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    program = "from cltk.cli import main; import sys; sys.argv[0] = 'cltk'; main()"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True)
    assert done.stdout.split() == expected


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
        defaults = {row["kind"]: row["name"] for row in rows if row["default"] and row["kind"] != "metric"}
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
        assert fields["latent_dim"]["default"] == 100
        assert fields["latent_dim"]["range"] == "> 0"
        nested = cli("plugins", "show", "generative-replay", "--json").json["fields"]
        defaults = {field["name"]: field["default"] for field in nested}
        assert defaults["classifier.epochs"] == 5
        assert defaults["generator.epochs"] == 50

    def test_a_qualified_name_will_do(self, cli: Cli) -> None:
        assert cli("plugins", "show", "cltk-vae:vae", "--json").json["name"] == "vae"

    def test_it_says_what_a_component_follows_and_where_to_tune_it(self, cli: Cli) -> None:
        shown = cli("plugins", "show", "linear", "--json").json
        assert "Devoto 2024" in shown["source"]
        assert "Source:" not in shown["description"]
        assert shown["search_space"] == {"per_task": "0 to 6000"}
        assert "per_task: 0 to 6000" in cli("plugins", "show", "linear").out


class TestData:
    def test_the_list_says_what_is_missing(self, cli: Cli) -> None:
        rows = {row["scenario"]: row["data"] for row in cli("data", "list", "--json").json}
        assert rows["split-digits"] == "comes with the package"
        assert rows["split-mnist"] == "missing 4 of 4 files"
        done = cli("data", "list")
        assert done.status == 0
        assert all(name in done.out for name in rows)

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

    def test_entries_are_bibtex(self, cli: Cli) -> None:
        entries = cli("cite", *(f"{kind}:{name}" for kind, name in EVERY)).out.split("\n\n")
        keys = [re.match(r"@(?:misc|software)\{([A-Za-z0-9_]+),\n(?:  \w+ = \{.+\},\n)+\}", entry) for entry in entries]
        assert all(keys), [entry for entry, key in zip(entries, keys, strict=True) if key is None]
        assert len({key[1] for key in keys if key}) == len(entries)

    def test_an_identifier_ends_before_the_parenthesis_that_it_stands_in(self, cli: Cli) -> None:
        assert "eprint = {1809.10635}," in cli("cite", "generative-replay").out


def test_python_m_cltk_is_the_command(child: Cli) -> None:
    done = child("--help")
    assert done.status == 0
    assert "run" in done.out
