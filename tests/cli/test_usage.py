"""Whatever a user gets wrong: the documented exit status, one clear message, nothing on standard output."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def assert_refused(done: Any, status: int, *words: str) -> None:
    assert done.status == status, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    for word in words:
        assert word in done.said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--genrator", "vae"], ["--genrator", "--generator"]),
        (["--generator", "vea"], ["no generator 'vea'", "Did you mean 'vae'?"]),
        (["--generator", ""], ["no generator ''", "Valid: ", "vae"]),
        (["--strategy", "finetun"], ["no strategy 'finetun'", "Did you mean 'finetune'?"]),
        (["--schedule", "lineal"], ["no schedule 'lineal'", "Did you mean 'linear'?"]),
        (["--classifier", "mpl"], ["no classifier 'mpl'", "Did you mean 'mlp'?"]),
        (["--scenario", "split-digit"], ["no scenario 'split-digit'", "Did you mean 'split-digits'?"]),
        (["--generator.latentdim", "3"], ["no field 'latentdim'", "Did you mean 'latent_dim'?"]),
        (["--strategy.replay.refrehs", "task"], ["no field 'replay.refrehs'", "Did you mean 'refresh'?"]),
        (["--strategy.clasifier.epochs", "1"], ["no field 'clasifier'", "Did you mean 'classifier'?"]),
        (["--genrator.latent-dim", "3"], ["--genrator.latent-dim"]),
        (["--generator.latent-dim"], ["'--generator.latent-dim' needs a value"]),
        (["--generator.latent-dim", "many"], ["generator 'vae': field 'latent_dim' is 'many'", "whole number"]),
        (["--generator.latent-dim=-3"], ["field 'latent_dim' is -3", "above 0"]),
        (["--classifier.dropout", "1.5"], ["field 'dropout' is 1.5", "below 1"]),
        (["--strategy.classifier.lr", "0"], ["field 'classifier.lr' is 0", "above 0"]),
        (["--strategy.replay.refresh", "never"], ["'never'", "'iteration' or 'task'"]),
        (["--strategy", "finetune", "--generator", "vae"], ["'finetune' has no use for a generator", "CLTK_GENERATOR"]),
        (["--strategy", "gdumb", "--schedule", "fixed"], ["'gdumb' has no use for a schedule", "uses: classifier."]),
        (["--strategy", "slda", "--classifier", "mlp"], ["'slda' has no use for a classifier", "it uses: none."]),
        (["--schedule", "manual"], ["'manual' has 0 counts, but there are 5 tasks", "--schedule.counts 0,1000"]),
        (["--schedule", "manual", "--schedule.counts", "0,1,2"], ["has 3 counts, but there are 5 tasks"]),
        (["--seeds", "4..0"], ["field 'seeds' is '4..0'", "upwards"]),
        (["--seeds", "first"], ["'first'", "whole numbers"]),
        (["--seeds", "1,1"], ["the same seed twice"]),
        (["--name", "a/b"], ["field 'name' is 'a/b'"]),
        (["--device", "tpu"], ["no device 'tpu'", "auto, cpu, cuda"]),
        (["--precision", "bf61"], ["no precision 'bf61'", "Did you mean 'bf16'?"]),
        (["--threads", "0"], ["--threads", "at least 1"]),
        (["--threads", "two"], ["--threads", "a whole number"]),
        (["missing.toml"], ["Cannot read 'missing.toml': No such file or directory.", "Give the path of a TOML file"]),
        (["."], ["Cannot read '.'"]),
        (["a.toml", "b.toml"], ["b.toml"]),
        (["--generator.hidden", "99999999999"], ["generator 'vae' of cltk-vae", "cannot be built"]),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_bad_usage_of_run_ends_with_2(cli: Cli, arguments: list[str], words: list[str], tmp_path: Path) -> None:
    scenario = [] if "--scenario" in arguments else ["--scenario", "split-digits"]
    assert_refused(cli("run", *scenario, *arguments), 2, *words)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('name = "x"\nseeds = [0,,1]\n', ["a.toml:2: this is not valid TOML", "line 2, column 12"]),
        ('genrator = "vae"\n', ["a.toml:1: the experiment: there is no field 'genrator'", "Did you mean 'generator'?"]),
        ("[generator]\nlatentdim = 3\n", ["generator 'vae': there is no field 'latentdim'"]),
        ("seeds = []\n", ["there is no seed"]),
        ("generator = 3\n", ["field 'generator' is 3"]),
        ("[[metrics]]\nname = 'diaz-bw'\n", ["no metric 'diaz-bw'", "Did you mean 'diaz-bwt'?"]),
        ("metrics = ['diaz-bwt', 'diaz-bwt']\n", ["The metric 'diaz-bwt' is asked for twice"]),
        ("evaluate = 'validation'\n", ["has none for some task", "--scenario.validation 0.1"]),
    ],
)
def test_a_bad_file_ends_with_2(cli: Cli, tmp_path: Path, content: str, words: list[str]) -> None:
    (tmp_path / "a.toml").write_text(content)
    assert_refused(cli("run", "a.toml", "--scenario", "split-digits"), 2, *words)


def test_a_variable_for_no_slot_ends_with_2(cli: Cli) -> None:
    done = cli("run", "--scenario", "split-digits", CLTK_GENRATOR__LATENT_DIM="3")
    assert_refused(done, 2, "CLTK_GENRATOR__LATENT_DIM", "Did you mean 'generator'?")


@pytest.mark.parametrize(
    "command", [["rum"], ["plugins", "lits"], ["data", "get"], ["plugins", "show"], ["run", "--no-such-option"]]
)
def test_an_unknown_command_or_option_ends_with_2(cli: Cli, command: list[str]) -> None:
    assert_refused(cli(*command), 2)


def test_an_unknown_component_comes_with_the_nearest_one(cli: Cli) -> None:
    for command in (["plugins", "show", "vea"], ["cite", "vea"]):
        assert_refused(cli(*command), 2, "'vea'", "Did you mean 'vae'?")


class TestData:
    def test_a_scenario_that_was_named_never_falls_back(self, cli: Cli) -> None:
        done = cli("run", "--scenario", "split-mnist", "--data-dir", "nowhere")
        assert_refused(done, 1, "train-images-idx3-ubyte.gz", "nowhere/MNIST/raw", "cltk data fetch split-mnist")

    def test_truncated_files_are_named(self, cli: Cli, tmp_path: Path) -> None:
        raw = tmp_path / "data" / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
            (raw / f"{part}-ubyte.gz").write_bytes(gzip.compress(b"half of it", mtime=0)[:-4])
        done = cli("run", "--scenario", "split-mnist", "--data-dir", "data")
        assert_refused(done, 1, "data/MNIST/raw/train-images-idx3-ubyte.gz", "truncated or altered")

    def test_truncated_files_are_no_reason_to_fall_back(self, cli: Cli, tmp_path: Path) -> None:
        raw = tmp_path / "data" / "MNIST" / "raw"
        raw.mkdir(parents=True)
        for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
            (raw / f"{part}-ubyte").write_bytes(b"")
        assert_refused(cli("run", "--data-dir", "data"), 1, "truncated or altered")

    def test_fetching_offline_is_refused(self, cli: Cli) -> None:
        assert_refused(cli("data", "fetch", "split-mnist", "--data-dir", "here"), 1, "CLTK_OFFLINE")


class TestStore:
    def test_a_store_that_cannot_be_written_is_named(self, cli: Cli, finetune: list[str], tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert_refused(cli(*finetune, "--store", "file", "--quiet"), 1, "Cannot write 'file/", "--store")

    def test_a_port_in_use_comes_with_a_free_one(self, cli: Cli) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert_refused(cli("ui", "--port", port), 2, f"Cannot listen on 127.0.0.1:{port}", "cltk ui --port")


class TestBrokenPlugin:
    def test_a_broken_import_ends_with_3(self, cli: Cli, plugin: Callable[[str], None]) -> None:
        plugin("import nothing_of_that_name\n")
        done = cli("run", "--scenario", "split-digits", "--schedule", "odd")
        assert_refused(done, 3, "The schedule 'odd' of acme 1.2 cannot be imported", "nothing_of_that_name")

    def test_it_is_nobody_elses_trouble(self, cli: Cli, plugin: Callable[[str], None]) -> None:
        plugin("import sys\nsys.exit(5)\n")
        assert cli("plugins", "list").status == 0
        assert cli("plugins", "show", "equal").status == 0
        assert cli("cite").status == 0

    def test_another_core_ends_with_3(self, cli: Cli, plugin: Callable[..., None]) -> None:
        plugin("", requires="cltk-core>=99")
        done = cli("run", "--scenario", "split-digits", "--schedule", "odd")
        assert_refused(done, 3, "needs cltk-core>=99")

    def test_what_cannot_be_built_says_whose_it_is(self, cli: Cli, plugin: Callable[[str], None]) -> None:
        plugin(
            "from cltk.interfaces import ReplaySchedule\n"
            "class Odd(ReplaySchedule):\n"
            "    def __init__(self, config, info):\n        raise KeyError('odd')\n"
            "    def count(self, completed, current):\n        return 0\n"
        )
        done = cli("run", "--scenario", "split-digits", "--schedule", "odd")
        assert_refused(done, 2, "The schedule 'odd' of acme 1.2 cannot be built: KeyError: 'odd'")

    def test_a_schedule_that_the_generator_cannot_follow_is_refused_before_training(
        self, cli: Cli, plugin: Callable[[str], None], replay: list[str], tmp_path: Path
    ) -> None:
        plugin(
            "from cltk.interfaces import ReplaySchedule\n"
            "class Odd(ReplaySchedule):\n"
            "    def count(self, completed, current):\n"
            "        return {label: 3 for label in self.info.seen(completed)}\n"
        )
        done = cli(*replay, "--schedule", "odd", "--store", tmp_path / "runs")
        assert_refused(done, 2, "The schedule counts by class, but VAE draws no samples of a class.")
        assert not list(tmp_path.glob("runs/*/record.json"))

    def test_debug_shows_where_it_came_from(self, cli: Cli) -> None:
        from cltk.errors import ConfigError

        with pytest.raises(ConfigError):
            cli("--debug", "run", "--generator", "vea")


def test_an_interrupt_is_said(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cltk.cli.app.app", interrupted)
    done = cli("runs", "list")
    assert (done.status, done.said) == (130, "Note: Interrupted. What had ended by then is kept.")
