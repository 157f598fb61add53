"""Where an experiment comes from: files that extend others, standard input, null, and what was meant by a slip."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.commandline import Cli

PRINTED = ["--scenario", "split-digits", "--print-config"]


def printed(cli: Cli, *args: object, **environment: str) -> Any:
    done = cli("run", *args, "--print-config", **environment)
    assert done.status == 0, done.err
    return tomllib.loads(done.out)


def test_what_is_printed_is_whole_and_gives_the_same(cli: Cli, tmp_path: Path) -> None:
    first = cli("run", *PRINTED, "--generator.latent-dim", "7").out
    (tmp_path / "whole.toml").write_text(first)
    assert tomllib.loads(first)["generator"]["latent_dim"] == 7
    assert cli("run", "whole.toml", "--print-config").out == first
    assert not (tmp_path / "runs").exists()


def test_null_puts_nothing_where_a_value_was(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[scenario]\nname = "split-digits"\nper_class = 30\n')
    assert printed(cli, "a.toml")["scenario"]["per_class"] == 30
    assert printed(cli, "a.toml", "--scenario.per-class", "null")["scenario"]["per_class"] == "null"
    assert printed(cli, "a.toml", CLTK_SCENARIO__PER_CLASS="null")["scenario"]["per_class"] == "null"


def test_a_file_extends_another_from_its_own_folder(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "below.toml").write_text(
        'name = "below"\n[scenario]\nname = "split-digits"\n[generator]\nlatent_dim = 3\nhidden = [9]\n'
    )
    (tmp_path / "inner" / "above.toml").write_text('extends = "../below.toml"\n[generator]\nlatent-dim = 4\n')
    found = printed(cli, "inner/above.toml")
    assert (found["name"], found["generator"]["latent_dim"], found["generator"]["hidden"]) == ("below", 4, [9])
    (tmp_path / "below.toml").write_text('extends = "inner/above.toml"\n')
    done = cli("run", "inner/above.toml")
    assert (done.status, "extends itself" in done.said) == (2, True)


def test_a_byte_order_mark_is_no_part_of_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "marked.toml").write_text('name = "marked"\nscenario = "split-digits"\n', encoding="utf-8-sig")
    assert printed(cli, "marked.toml")["name"] == "marked"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("loop.toml", "'loop.toml' extends itself."),
        ("none.toml", "Cannot read 'none.toml', which 'loop.toml' extends: "),
    ],
)
def test_what_cannot_be_extended_is_said_with_its_place(cli: Cli, tmp_path: Path, name: str, problem: str) -> None:
    (tmp_path / "loop.toml").write_text(f'name = "loop"\nextends = "{name}"\n')
    done = cli("run", "loop.toml")
    assert done.status == 2
    assert f"loop.toml:2: {problem}" in done.said


def test_the_file_of_a_search_is_an_experiment_too(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "search.toml").write_text(
        'name = "search"\n[scenario]\nname = "split-digits"\n[tune]\ntrials = 2\n[launcher]\nname = "local"\n'
    )
    assert printed(cli, "search.toml")["name"] == "search"
    options = ("--strategy", "finetune", "--strategy.classifier.steps", 1, "--store", "runs", "--sink", "none")
    done = cli("run", "search.toml", *options)
    assert done.status == 0, done.err
    assert all(f"[{name}] is for studies" in done.said for name in ("tune", "launcher"))


def test_a_dash_is_standard_input(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cltk", "run", "-", *PRINTED]
    done = subprocess.run(command, input="[generator]\nlatent_dim = 5\n", text=True, capture_output=True, check=True)
    assert tomllib.loads(done.stdout)["generator"]["latent_dim"] == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["vae"], "--generator vae"),
        (["generator.latent_dim=3"], "--generator.latent_dim 3"),
        (["--seeds", "0-4"], "such as 0, 0..4 or 1,5"),
        (["--name", "a/b c"], "letters, digits"),
        (["--no-such-option"], "cltk run --help"),
    ],
)
def test_a_slip_is_answered_with_what_to_type(cli: Cli, words: list[str], said: str) -> None:
    done = cli("run", *words)
    assert (done.status, said in done.said) == (2, True), done.said


def test_a_misspelt_variable_is_refused(cli: Cli) -> None:
    done = cli("run", *PRINTED, CLTK_GENERATER="vae")
    assert (done.status, "Did you mean CLTK_GENERATOR?" in done.said) == (2, True)


def test_help_has_the_fields_of_what_is_named(cli: Cli) -> None:
    assert "Fields of the components named" not in cli("run", "--help").out
    shown = cli("run", "--generator", "vae", "--classifier", "mlp", "--metric=diaz-ce", "--help").out
    assert all(option in shown for option in ("--generator.latent-dim", "--metric.diaz-ce.epsilon"))
    assert "[default: 50,50]" in shown


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CLTK_SEED", "3", "No command reads the variable CLTK_SEED. Did you mean CLTK_SEEDS?"),
        ("CLTK_seeds", "3", "No command reads the variable CLTK_seeds."),
        ("CLTK__SEEDS", "3", "No command reads the variable CLTK__SEEDS. Did you mean CLTK_SEEDS?"),
        ("CLTK_METRIC", "diaz-ms", "No command reads the variable CLTK_METRIC."),
        ("CLTK_PLUGINS", "cltk-scenario", "CLTK_PLUGINS allows 'cltk-scenario', but no distribution of that name"),
    ],
)
def test_a_variable_without_effect_is_said(cli: Cli, variable: str, value: str, said: str) -> None:
    assert said in cli("runs", "list", **{variable: value}).said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLTK_SEEDS", "3"),
        ("CLTK_SEED", ""),
        ("CLTK_GENERATOR__LATENT_DIM", "3"),
        ("CLTK_WORKERS", "2"),
        ("CLTK_OFFLINE", "1"),
        ("CLTK_PLUGINS", "CLTK_Scenarios, cltk.baselines"),
    ],
)
def test_a_variable_that_some_command_reads_is_left_alone(cli: Cli, variable: str, value: str) -> None:
    assert "CLTK_" not in cli("runs", "list", **{variable: value}).said


def test_a_launcher_is_refused_where_nothing_is_started(cli: Cli) -> None:
    done = cli("run", *PRINTED, "--launcher.slurm.time", "30")
    assert (done.status, "starts no workers" in done.said) == (2, True)


def test_what_is_printed_is_json_where_that_is_asked_for(cli: Cli) -> None:
    assert cli("run", *PRINTED, "--json").json["scenario"]["name"] == "split-digits"
