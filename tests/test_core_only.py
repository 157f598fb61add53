"""The core with a few plugins, in an environment that has nothing but what they declare."""

from __future__ import annotations

import os
import subprocess
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.commandline import Done

pytestmark = pytest.mark.slow

SMALL = ["cltk-core", "cltk-scenarios", "cltk-baselines", "cltk-mlp"]
"""What fine-tuning a classifier needs."""

QUICK = ["--scenario", "split-digits", "--strategy", "finetune", "--threads", "1"]
QUICK += ["--strategy.classifier.epochs", "1", "--strategy.classifier.min-steps", "0"]


class Environment:
    """A virtual environment in a folder of its own.

    Args:
        folder: Where it goes; commands are run there, too.
        names: The distributions that are in it, and what they require.
    """

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.folder = folder
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        for found in closure(names):
            for source in contents(found):
                if not (site / source.name).exists():
                    (site / source.name).symlink_to(source)

    def python(self, *arguments: object) -> Done:
        """Runs its Python, which sees neither this environment nor the user's."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        done = subprocess.run(
            [self.folder / "venv" / "bin" / "python", *map(str, arguments)],
            cwd=self.folder,
            env=kept | {"HOME": str(self.folder), "CLTK_OFFLINE": "1", "COLUMNS": "1000"},
            capture_output=True,
            text=True,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def cltk(self, *arguments: object) -> Done:
        return self.python("-m", "cltk", *arguments)


def closure(names: Iterable[str]) -> list[Distribution]:
    """Distributions with all that they require here, extras left out."""
    reached: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in reached:
            continue
        reached[name] = distribution(name)
        requirements = map(Requirement, reached[name].requires or ())
        waiting += [each.name for each in requirements if not each.marker or each.marker.evaluate({"extra": ""})]
    return list(reached.values())


def contents(found: Distribution) -> set[Path]:
    """The files and folders that a distribution has in ``site-packages``."""
    tops = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
    return {Path(str(found.locate_file(top))) for top in tops}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("core"), SMALL)


@pytest.fixture(scope="module")
def run(core: Environment) -> Done:
    return core.cltk("run", *QUICK, "--json")


def test_it_has_nothing_that_is_not_declared(core: Environment) -> None:
    find = (
        "import importlib.util as u; print([n for n in ('mlflow', 'optuna', 'matplotlib', 'pytest') if u.find_spec(n)])"
    )
    assert core.python("-c", find).out.strip() == "[]"


def test_an_experiment_is_run_and_kept(core: Environment, run: Done) -> None:
    assert run.status == 0, run.err
    assert run.json["status"] == "finished"
    assert (core.folder / "runs" / run.json["run_id"] / "record.json").exists()


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "plugins list",
        "plugins show mlp",
        "plugins doctor",
        "plugins check mlp",
        "data list",
        "cite",
        "schema",
        "runs list",
    ],
)
def test_every_command_of_the_core_works(core: Environment, run: Done, command: str) -> None:
    done = core.cltk(*command.split())
    assert done.status == 0, done.err
    assert done.out


def test_it_is_used_from_python(core: Environment) -> None:
    program = (
        "import cltk, json\n"
        "training = {'classifier': {'epochs': 1, 'min_steps': 0}}\n"
        "e = cltk.load(scenario='split-digits', strategy={'name': 'finetune', **training})\n"
        "print(json.dumps(cltk.run(e, seed=0).status))"
    )
    done = core.python("-c", program)
    assert (done.status, done.out.strip()) == (0, '"finished"'), done.err


@pytest.mark.parametrize(("command", "extra"), [("tune", "studies"), ("status", "studies"), ("ui", "mlflow")])
def test_a_command_of_another_distribution_says_what_to_install(core: Environment, command: str, extra: str) -> None:
    done = core.cltk(command)
    assert done.status == 2
    assert f"comes with cltk-{extra}, which is not installed" in done.said
    assert f"pip install 'cltk-core[{extra}]'" in done.said


def test_a_new_package_is_written(core: Environment) -> None:
    assert core.cltk("plugins", "new", "generator", "mine").status == 0
    assert (core.folder / "mine" / "cltk_mine" / "mine.py").exists()


@pytest.mark.parametrize("plugin", ["cltk-vae", "cltk-metrics"])
def test_one_plugin_is_enough_to_look_around(tmp_path: Path, plugin: str) -> None:
    alone = Environment(tmp_path, ["cltk-core", plugin])
    rows = alone.cltk("plugins", "list", "--json").json
    assert {row["distribution"] for row in rows} == {plugin}
    done = alone.cltk("run")
    assert done.status == 2
    assert "failed where it should not have" not in done.said
