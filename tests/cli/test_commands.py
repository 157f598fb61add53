"""Commands of plugins: beside the core's own, imported when they are called, and never in their place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cltk.cli.app import app
from cltk.errors import ConfigError
from cltk.registry import OWN_COMMANDS, find, forget

Cli = Callable[..., Any]
Install = Callable[..., None]

GREET = '''\
"""A whole package beside its metadata: a command of a third party."""
from typing import Annotated

import typer
from cltk.cli.console import print_json
from cltk.cli.options import Json


def greet(name: Annotated[str, typer.Argument(help="Who.")], json: Json = False) -> None:
    """Greet somebody. This is not shown in the list.

    Nor is this.
    """
    print_json(name) if json else print(f"Hello {name}")
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a distribution with one command, in a module of its own."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)

    def write(distribution: str, command: str, source: str = GREET, function: str = "greet") -> None:
        module = distribution.replace("-", "_")
        info = site / f"{module}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[cltk.commands]\n{command} = {module}:{function}\n")
        (site / f"{module}.py").write_text(source)
        monkeypatch.delitem(sys.modules, module, raising=False)
        forget()

    yield write
    forget()


def test_a_command_of_a_third_party_is_one_like_ours(cli: Cli, install: Install) -> None:
    install("acme-greet", "greet")
    assert cli("greet", "Ada").out == "Hello Ada\n"
    assert cli("greet", "Ada", "--json").json == "Ada"
    assert "Who." in cli("greet", "--help").out
    assert cli("greet").status == 2


APP = """import typer
app = typer.Typer()
@app.command()
def one(): print("called")
@app.command()
def two(): ...
"""


def test_one_that_tells_no_faults_of_ours_is_not_called_where_there_are_some(cli: Cli, install: Install) -> None:
    install("acme-greet", "greet", APP, "app")
    assert cli("greet", "one").out == "called\n"
    for words, wrong in (("--foo greet one", "no option '--foo'"), ("gret one", "no command 'gret'")):
        done = cli(*words.split())
        assert (done.status, done.out, wrong in done.said) == (2, "", True)


def test_its_line_in_the_help_is_read_without_importing_it(cli: Cli, install: Install) -> None:
    install("acme-greet", "greet", f"raise RuntimeError\n{GREET}")
    done = cli("--help")
    assert done.status == 0
    assert "Greet somebody." in done.out
    assert "acme_greet" not in sys.modules


def test_one_that_cannot_be_imported_is_nobody_elses_trouble(cli: Cli, install: Install) -> None:
    install("acme-greet", "greet", "import nothing_of_that_name")
    assert cli("schema").status == 0
    done = cli("greet", "Ada")
    assert done.status == 3
    assert "The command 'greet' of acme-greet 1.2 cannot be imported" in done.said


def test_what_is_not_a_function_is_refused(cli: Cli, install: Install) -> None:
    install("acme-greet", "greet", "class greet: ...")
    done = cli("greet")
    assert (done.status, "is not a function" in done.said) == (3, True)


@pytest.mark.parametrize("name", ["schema", "plugins", "runs.show"])
def test_a_command_that_shadows_ours_is_refused_and_named(cli: Cli, install: Install, name: str) -> None:
    install("acme-greet", name)
    ours = cli(*name.split("."), "--help")
    assert "Hello" not in ours.out
    assert f"The command '{name}' of acme-greet 1.2 is refused" in ours.said
    states = {row["name"]: row["state"] for row in cli("plugins", "list", "command", "--json").json}
    assert states[name] == f"refused: 'cltk {name.replace('.', ' ')}' is a command of the core"
    doctor = cli("plugins", "doctor", "--json")
    assert doctor.status == 3
    assert {row["name"]: row["state"] for row in doctor.json["plugins"] if row["kind"] == "command"}[name].startswith(
        "refused"
    )


def test_all_commands_of_the_core_are_known_to_the_registry() -> None:
    def names(group: Any, prefix: str = "") -> set[str]:
        own = {prefix + name: command for name, command in getattr(group, "commands", {}).items()}
        return set(own).union(*(names(command, f"{name}.") for name, command in own.items()))

    assert names(get_command(app)) == set(OWN_COMMANDS)


def test_the_doctor_says_what_a_report_of_a_fault_needs(cli: Cli, tmp_path: Path) -> None:
    done = cli("plugins", "doctor", "--json", "--store", tmp_path, MLFLOW_TRACKING_URI="http://me:secret@host")
    assert {"cltk-core", "python", "torch", "numpy"} <= set(done.json["versions"])
    assert done.json["machine"]["usable_cores"] >= 1
    assert done.json["threads"]["torch"] >= 1
    runs = done.json["stores"]["runs"]
    assert (runs["path"], runs["exists"], runs["entries"]) == (str(tmp_path), True, 0)
    assert "MLFLOW_TRACKING_URI" in done.json["variables"]
    assert "secret" not in done.out


def test_two_commands_of_one_name_are_told_apart(cli: Cli, install: Install) -> None:
    install("acme-greet", "greet")
    install("other-greet", "greet", GREET.replace("Hello", "Good day"))
    done = cli("greet", "Ada")
    assert done.status == 2
    assert "acme-greet 1.2 and other-greet 1.2" in done.said
    assert "cltk other-greet:greet" in done.said
    assert cli("other-greet:greet", "Ada").out == "Good day Ada\n"


@pytest.mark.parametrize(("name", "owner"), [("tune", "cltk-studies"), ("runs.compare", "cltk-studies")])
def test_a_command_that_shadows_one_of_an_extra_is_refused_and_named(
    cli: Cli, install: Install, name: str, owner: str
) -> None:
    install("acme-tune", name)
    ours = cli(*name.split("."), "--help")
    assert ours.status == 0, ours.err
    assert "Who." not in ours.out
    assert f"The command '{name}' of acme-tune 1.2 is refused" in ours.said
    assert "Greet somebody" not in cli(*name.split(".")[:-1], "--help").out
    rows = cli("plugins", "list", "command", "--json").json
    states = {row["distribution"]: row["state"] for row in rows if row["name"] == name}
    assert states == {owner: "ready", "acme-tune": f"refused: 'cltk {name.replace('.', ' ')}' is a command of {owner}"}


def test_two_that_shadow_one_of_the_core_are_told_apart(install: Install) -> None:
    install("acme-run", "run")
    install("other-run", "run")
    with pytest.raises(ConfigError, match="cltk acme-run:run or cltk other-run:run"):
        find("command", "run")


def test_a_name_of_an_extra_is_free_where_that_is_not_installed(
    cli: Cli, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLTK_PLUGINS", "acme-tune")
    install("acme-tune", "tune")
    assert cli("tune", "Ada").out == "Hello Ada\n"


def test_an_unknown_command_comes_with_the_nearest_one(cli: Cli) -> None:
    done = cli("tuen")
    assert (done.status, "Did you mean 'tune'?" in done.said) == (2, True)


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("ablate", "studies"),
        ("open page", "studies"),
        ("runs compare", "studies"),
        ("runs export", "studies"),
        ("sync", "mlflow"),
        ("run --sink mlflow", "mlflow"),
        ("run --sink.mlflow.tracking-uri x", "mlflow"),
        ("run --tracking-uri x", "mlflow"),
    ],
)
def test_what_is_not_installed_says_how_to_install_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: str, extra: str
) -> None:
    monkeypatch.setenv("CLTK_PLUGINS", "cltk-mlp")
    forget()
    done = cli(*command.split())
    monkeypatch.undo()
    forget()
    assert done.status == 2
    assert f"pip install 'cltk-core[{extra}]'" in done.said


def test_the_variable_of_mlflow_does_not_matter_where_nothing_is_for_mlflow(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, finetune: list[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CLTK_PLUGINS", "cltk-mlp,cltk-scenarios,cltk-baselines,cltk-schedules")
    forget()
    done = cli(*finetune, "--seeds", "0", "--store", tmp_path, "--json", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    monkeypatch.undo()
    forget()
    assert done.status == 0, done.err
    assert done.json["sink_failures"] == {}
