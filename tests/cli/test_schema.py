"""``cltk schema``: what editors complete and check files by."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.commandline import Cli, run_cli

EXPERIMENTS = sorted((Path(__file__).parents[2] / "experiments").glob("*.toml"))


@pytest.fixture(scope="module")
def schema() -> Any:
    return run_cli("schema").json


def faults(schema: Any, text: str) -> list[str]:
    """What is wrong with a file by the schema: the field and why."""
    errors = Draft202012Validator(schema).iter_errors(tomllib.loads(text))
    return [f"{error.json_path}: {error.message}" for error in errors]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_file_of_ours_is_valid_by_it(schema: Any, path: Path) -> None:
    assert faults(schema, path.read_text()) == []


@pytest.mark.parametrize(
    "options", [(), ("--strategy", "ewc"), ("--scenario", "permuted-mnist"), ("--schedule", "log")]
)
def test_a_printed_experiment_is_valid_by_it(schema: Any, options: tuple[str, ...]) -> None:
    assert faults(schema, run_cli("run", *options, "--print-config").out) == []


def test_the_file_beside_a_record_is_valid_by_it(schema: Any, finetune: list[str], tmp_path: Path) -> None:
    run_cli(*finetune, "--store", tmp_path, "--quiet")
    (file,) = tmp_path.glob("*/experiment.toml")
    assert faults(schema, file.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        'seeds = "0..4"',
        'seeds = ["0", 1]',
        'tune = { budget = 10, seeds = "0", test_seeds = "1..5" }',
        'tune = { budget = 10, test-seeds = 3, objective = "diaz-ce" }',
        'ablate = { seeds = "null", baseline = "null" }',
        'sinks = "none"',
        'generator = "cltk-vae:vae"',
        'generator = "null"',
        'classifier = { name = "cltk-mlp:mlp", hidden = 50 }',
        "generator = { latent-dim = 5 }",
        'schedule = { name = "manual", counts = 5 }',
        'scenario = { name = "split-mnist", groups = "null", class_order = "seed" }',
        'metrics = ["cltk-metrics:diaz-ce", { name = "diaz-ce", epsilon = 0.5 }]',
        'metrics = "null"',
        'extends = "other.toml"',
        'launcher = { name = "slurm", slurm = { partition = "gpu" } }',
    ],
)
def test_it_accepts_what_the_commands_accept(schema: Any, text: str) -> None:
    assert faults(schema, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "seeds = 0.5",
        "sed = 1",
        'generator = "vea"',
        "generator = { latent_dims = 5 }",
        'generator = { latent_dim = "null" }',
        'scenario = "null"',
        "tune = { trial = 3 }",
    ],
)
def test_it_refuses_what_the_commands_refuse(schema: Any, text: str) -> None:
    assert faults(schema, text) != []


def test_it_has_the_tables_of_studies_with_their_fields(schema: Any) -> None:
    assert {"axes", "variants", "baseline"} <= set(schema["properties"]["ablate"]["properties"])
    assert {"budget", "trials"} <= set(schema["properties"]["tune"]["properties"])


def test_every_reference_leads_somewhere(schema: Any) -> None:
    references = set(json.dumps(schema).split('"$ref": "#/$defs/')[1:])
    names = {reference.partition('"')[0] for reference in references}
    assert names
    assert names <= set(schema["$defs"])


def test_it_is_written_where_editors_look_and_named_once(cli: Cli, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text('name = "study"\n')
    for _ in range(2):
        assert cli("schema", "--write", study).status == 0
    assert study.read_text() == '#:schema ./cltk.schema.json\nname = "study"\n'
    assert "ablate" in json.loads((tmp_path / "cltk.schema.json").read_text())["properties"]


def test_without_a_file_it_is_written_into_the_current_folder(cli: Cli, tmp_path: Path) -> None:
    done = cli("schema", "--write")
    assert done.status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["cltk.schema.json"]
    assert "cltk schema --write my-study.toml" in done.said


def test_several_files_have_it_beside_them(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    assert cli("schema", "--write", "a.toml", "--write", "sub/b.toml").status == 0
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")}
    assert files == {"a.toml", "cltk.schema.json", "sub/b.toml", "sub/cltk.schema.json"}


def test_files_without_write_are_refused(cli: Cli) -> None:
    done = cli("schema", "a.toml")
    assert done.status == 2
    assert "cltk schema --write a.toml" in done.said
