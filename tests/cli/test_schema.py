"""``cltk schema``: what editors complete and check files by."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.commandline import Cli

EXPERIMENTS = sorted((Path(__file__).parents[2] / "experiments").glob("*.toml"))


@pytest.fixture(scope="module")
def schema() -> Any:
    from tests.commandline import run_cli

    return run_cli("schema").json


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_table_of_our_files_is_in_it(schema: Any, path: Path) -> None:
    assert schema["additionalProperties"] is False
    assert set(tomllib.loads(path.read_text())) <= set(schema["properties"])


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
