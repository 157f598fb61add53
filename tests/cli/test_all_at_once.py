"""All that is wrong with an experiment is said in one message, each with its place, what was expected, what to type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.commandline import Cli

FILE = """seeds = "0...4"
metrics = ["final-average-accuracy", "acuracy"]

[scenario]
name = "split-digits"
task = 3

[strategy.classifier]
optimizer = "adm"

[generator]
name = "vae"
latent_dim = "x"
hidden = [1, 0]

[sink.mlfow]
tracking_uri = "x"
"""
TABLES = """
[ablate.axes]
"generator.beta" = [1, -1]
schedul = ["fixed"]

[tune]
trials = 0
[tune.space]
beta = true
"""


def places(done: Any) -> list[str]:
    assert (done.status, done.out) == (2, ""), done.err
    return re.findall(r"bad\.toml:(\d+):", done.said)


def test_a_file_with_many_faults(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(FILE)
    done = cli("run", "bad.toml")
    assert places(done) == ["1", "2", "6", "9", "13", "14", "16"]
    assert "bad.toml:1: the experiment: field 'seeds' is '0...4': seeds are whole numbers" in done.said
    assert "bad.toml:6: scenario 'split-digits': there is no field 'task'. Did you mean 'tasks'?" in done.said
    assert "field 'classifier.optimizer' is 'adm', expected 'adam' or 'sgd'. Did you mean 'adam'?" in done.said
    assert re.search(r"'latent_dim' is 'x', expected a whole number\. For example: latent_dim = \d+ ", done.said)
    assert "'hidden.1' is 0, expected a number above 0" in done.said
    assert "input should" not in done.said.lower()


@pytest.mark.parametrize(("command", "more"), [("ablate", ["20", "21", "24"]), ("tune", ["24", "26"])])
def test_the_tables_of_studies_are_among_them(cli: Cli, tmp_path: Path, command: str, more: list[str]) -> None:
    (tmp_path / "bad.toml").write_text(
        FILE.replace("[sink.mlfow]\ntracking_uri", "[sink.mlflow]\ntracking_uri") + TABLES
    )
    found = places(cli(command, "bad.toml"))
    assert [line for line in found if int(line) > 17] == more
    assert {"1", "2", "6", "9", "13"} <= set(found)


def test_what_a_variant_sets_is_said_where_it_is_set(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(
        '[scenario]\nname = "split-digits"\n'
        '[[ablate.variants]]\nname = "a"\n"generator.beta" = -1\n'
        '[[ablate.variants]]\nname = "b"\n"generator.bta" = 1\n'
    )
    assert places(cli("ablate", "bad.toml")) == ["5", "8"]


@pytest.mark.parametrize(
    ("command", "table"), [("ablate", 'ablate.axes.schedule = ["fixed"]'), ("tune", "tune.budget = 9")]
)
def test_what_sinks_and_launchers_are_set_to_is_among_them(cli: Cli, tmp_path: Path, command: str, table: str) -> None:
    (tmp_path / "bad.toml").write_text(
        f'{table}\nscenario = "split-digits"\ngenerator.latent_dim = "x"\n'
        '[launcher.local]\nprocessors = 3\n[sink.mlflow]\naddress = "x"\n'
    )
    assert places(cli(command, "bad.toml")) == ["3", "5", "7"]


def test_options_and_variables(cli: Cli) -> None:
    done = cli("run", "--generator.latent-dim=x", "--seeds", "0-4", CLTK_SCHEDULE__FOO="1", CLTK_GENERATOR__BETA="y")
    assert done.status == 2
    assert "--generator.latent-dim: generator 'vae': field 'latent_dim' is 'x'" in done.said
    assert "For example: --generator.latent-dim " in done.said
    assert "--seeds: the experiment: field 'seeds' is '0-4'" in done.said
    assert "CLTK_SCHEDULE__FOO: schedule 'equal': there is no field 'foo'" in done.said
    assert re.search(r"For example: CLTK_GENERATOR__BETA=[\d.]+", done.said)


def test_every_name_that_a_word_is_part_of_is_suggested(cli: Cli) -> None:
    done = cli("run", "--metric", "accuracy")
    assert done.said.count("Did you mean") == 1
    assert "'final-average-accuracy'" in done.said


def test_variables_that_do_not_exist(cli: Cli) -> None:
    done = cli("run", CLTK_GENERATER="vae", CLTK_SCHEDUL__SAMPLES="1")
    assert ("CLTK_GENERATER" in done.said, "CLTK_SCHEDUL__SAMPLES" in done.said) == (True, True)


def test_a_field_that_another_component_has(cli: Cli) -> None:
    done = cli("run", "--scenario", "split-digits", "--schedule.samples", "2000")
    assert "'fixed' has it: add --schedule fixed." in done.said


def test_a_field_that_many_other_components_have(cli: Cli) -> None:
    """None of them is advised, as nothing tells which was meant."""
    done = cli("run", "--scenario", "split-digits", "--strategy", "expanding", "--strategy.classifier.epochs", "2")
    assert "Valid: buffer, hidden, training. It is a field of cumulative, der," in done.said
    assert "add --strategy" not in done.said


def test_a_file_that_does_not_parse(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('name = "a"\nseeds = = 1\n')
    assert places(cli("run", "bad.toml")) == ["2"]


def test_python_says_the_line_too(tmp_path: Path) -> None:
    import cltk
    from cltk.errors import ConfigError

    (tmp_path / "bad.toml").write_text('name = "a b"\nseed = 1\n')
    with pytest.raises(ConfigError, match=r"bad\.toml:1: .*\n.*\n.*bad\.toml:2: .*no field 'seed'"):
        cltk.load(tmp_path / "bad.toml")


def faults(done: Any) -> list[str]:
    """The first line of each paragraph of an error."""
    assert (done.status, done.out) == (2, ""), done.err
    lines = [line.strip("│ ") for line in done.err.splitlines() if line.startswith("│")]
    return [line for before, line in zip(["", *lines], lines, strict=False) if line and not before]


def test_options_and_the_experiment_at_once(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('seeds = "0-4"\n')
    words = "--nmae x --foo 1 --threads 0 --device q --precision fp8 --sink x --generator vea bad.toml b.toml"
    found = faults(cli("run", *words.split(), "--name"))
    assert [line[:30] for line in found] == [
        "There is no option '--nmae'.",
        "There is no option '--foo'.",
        "The option '--name' needs a va",
        "--threads is '0', expected a n",
        "'b.toml' is more than the comm",
        "bad.toml:1: the experiment: fi",
        "--device: There is no device '",
        "--precision: There is no preci",
        "--sink: There is no sink 'x'.",
        "--generator: There is no gener",
    ]


def test_a_field_without_its_component_is_suggested_with_it(cli: Cli) -> None:
    done = cli("run", "--generator", "vae", "--latent-dim", "3")
    assert "Did you mean '--generator.latent-dim'?" in done.said


def test_a_value_of_a_variable_is_named_after_it(cli: Cli) -> None:
    done = cli("run", CLTK_THREADS="x", CLTK_SEEDS="0-4", CLTK_DEVICE="q")
    assert "CLTK_THREADS is 'x', expected a whole number. For example: CLTK_THREADS=1" in done.said
    assert "CLTK_SEEDS: the experiment: field 'seeds'" in done.said
    assert "CLTK_DEVICE: There is no device 'q'" in done.said


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("runs show --foo", ["There is no option '--foo'.", "The argument 'run_id' is missing."]),
        ("run -qx --json=3", ["There is no option '-x'.", "The option '--json' takes no value."]),
        ("run --checkpoint-every -1", ["--checkpoint-every is '-1', expected a number of at least 0."]),
        ("plugins lst", ["There is no command 'lst'."]),
        ("data ftch s", ["There is no command 'ftch'."]),
        ("--foo run --from-run x", ["There is no option '--foo'."]),
        ("--foo plugins", ["There is no option '--foo'."]),
        ("--foo", ["There is no option '--foo'."]),
        ("rnu --foo 1 --seeds 0", ["There is no command 'rnu'.", "There is no option '--foo'."]),
        (
            "--foo x runs --bar lst",
            [f"There is no {what}." for what in ("option '--foo'", "option '--bar'", "command 'lst'")],
        ),
        (
            "--debug=3 export",
            [
                "The option '--debug' takes no value.",
                "There is no command 'export'.",
                "The argument 'study' is missing.",
            ],
        ),
    ],
)
def test_one_style(cli: Cli, words: str, expected: list[str]) -> None:
    assert faults(cli(*words.split())) == expected


STUDY = """[generator]
latent_dim = "x"
[strategy]
replay.refresh = "never"

[ablate]
objective = "acuracy"
[ablate.axes]
schedule = ["fixd"]

[tune]
trials = 0
seeds = [0]
test_seeds = [0]
[sink.mlflow]
address = "x"
[launcher.local]
processors = 3
"""


def test_axes_at_once(cli: Cli) -> None:
    axes = "--axis schedule --axis generatr=3 --axis generator.latent-dim=x --axis generator.latent_dim=2"
    assert [line.partition(":")[0] for line in faults(cli("ablate", *axes.split(), "--foo"))] == [
        "There is no option '--foo'.",
        "--axis schedule",
        "--axis generatr",
        "--axis generator.latent_dim",
        "--axis generator.latent_dim",
    ]


def test_variables_and_components_at_once(cli: Cli) -> None:
    found = faults(cli("run", CLTK_SCHEDUL__SAMPLES="3", CLTK_GENERATOR="vea"))
    assert [line.partition(" ")[0] for line in found] == ["The", "CLTK_GENERATOR:"]


def test_what_a_repeated_run_cannot_take_and_what_there_is_not_at_once(cli: Cli) -> None:
    found = faults(cli("run", "--from-run", "x", "--seeds", "1", "--foo"))
    assert found[0] == "There is no option '--foo'."
    assert "without --seeds" in found[1]


@pytest.mark.parametrize("command", ["ablate", "tune"])
def test_options_tables_sinks_and_launchers_of_a_study_at_once(cli: Cli, tmp_path: Path, command: str) -> None:
    (tmp_path / "bad.toml").write_text(STUDY)
    found = faults(cli(command, "bad.toml", "--foo", "--workers", "0", "--device", "q"))
    assert found[:2] == ["There is no option '--foo'.", "--workers is '0', expected a number of at least 1."]
    assert found[-1].startswith("--device: There is no device 'q'.")
    lines = [int(match[1]) for line in found if (match := re.match(r"bad\.toml:(\d+):", line))]
    own = {"ablate": [7, 9], "tune": [14]}[command]
    assert lines == sorted([2, 4, 12, 16, 18, *own])
