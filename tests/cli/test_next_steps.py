"""What a run and a study end with is commands that work as they are typed, in whichever store."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.commandline import Cli

SMALL = ["--scenario.per-class", "10", "--sink", "none", "--quiet"]


@pytest.mark.parametrize("store", ["runs", "kept here"])
def test_after_a_run(cli: Cli, finetune: list[str], store: str) -> None:
    done = cli(*finetune, *SMALL, "--store", store)
    (shown, *ui) = re.findall(r"^  (cltk \S.*?)(?:  .*)?$", done.out, re.MULTILINE)
    assert ("--store" in shown) == (store != "runs")
    assert ui == [f"cltk ui{'' if store == 'runs' else ' --store ' + shlex.quote(store)}"]
    again = cli(*shlex.split(shown)[1:])
    assert (again.status, "Final average accuracy" in again.out) == (0, True), again.err


def test_after_several_seeds_it_is_the_result_of_all(cli: Cli, finetune: list[str]) -> None:
    done = cli(*finetune, *SMALL, "--seeds", "0..1")
    (shown,) = re.findall(r"^  cltk (runs show \S+)", done.out, re.MULTILINE)
    again = cli(*shown.split())
    assert (again.status, "by seed" in again.out) == (0, True), again.err


def test_a_store_that_a_variable_names_is_found_by_it(cli: Cli, finetune: list[str]) -> None:
    assert "--store" not in cli(*finetune, *SMALL, CLTK_STORE="elsewhere").out


def test_after_a_study(cli: Cli, finetune: list[str]) -> None:
    options = ["--axis", "strategy.classifier.lr=0.01,0.02", *finetune[1:], *SMALL, "--name", "two"]
    done = cli("ablate", *options, "--store", "kept here")
    commands = re.findall(r"cltk ((?:report|open) two --store 'kept here'(?: --all)?)", done.said)
    assert len(commands) == 2, done.said
    for command in commands:
        again = cli(*shlex.split(command), *(["--no-browser"] if command.startswith("open") else []))
        assert again.status == 0, again.err
