"""What the shell completes: names, fields and their values, axes, and what is kept in a store."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def completed(typed: str, **variables: str) -> list[str]:
    """What a shell is told where the last word is being typed: bash, unless variables say so of another one.

    As bash does, it takes ``=`` for a word of its own.
    """
    parts = re.sub("(=)", "\n\\1\n", typed.replace(" ", "\n")).split("\n")
    if parts[-2:] == ["=", ""]:
        del parts[-1]
    bash = {"_CLTK_COMPLETE": "complete_bash", "COMP_WORDS": "\n".join(parts), "COMP_CWORD": str(len(parts) - 1)}
    program = "from cltk.cli import main; import sys; sys.argv[0] = 'cltk'; main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | (variables or bash),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("cltk run --schedule l", ["linear"]),
        ("cltk run --schedule=l", ["linear"]),
        ("cltk run --strategy g", ["gdumb", "generative-classifier", "generative-replay"]),
        ("cltk plugins show split-d", ["split-digits"]),
        ("cltk plugins new sc", ["scenario", "schedule"]),
        ("cltk run --device c", ["cpu", "cuda"]),
        ("cltk run --precision b", ["bf16"]),
        ("cltk run --from-run l", ["latest"]),
        ("cltk runs export --format l", ["latex"]),
        ("cltk run --generator.lat", ["--generator.latent-dim"]),
        ("cltk run --generator gaussian-mixture --generator.comp", ["--generator.components"]),
        ("cltk run --strategy.classifier.optimizer ", ["adam", "sgd"]),
        ("cltk run --strategy.replay.refresh t", ["task"]),
        ("cltk run --strategy.classifier.steps ", ["null"]),
        ("cltk run --generator.latent-dim=", ["20"]),
    ],
)
def test_names_and_fields(typed: str, expected: list[str]) -> None:
    assert completed(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("--axis generator.l", ["generator.latent_dim=", "generator.latent_dim=20"]),
        ("--generator gaussian-mixture --axis generator.f", ["generator.floor=", "generator.floor=0.02"]),
        ("--axis schedule=", ["equal", "fixed", "linear", "manual", "power"]),
        ("--axis schedule=fixed,linear,", ["fixed,linear,equal", "fixed,linear,manual", "fixed,linear,power"]),
        ("--axis=strategy.replay.refresh=task,i", ["task,iteration"]),
        ("--axis schedule=fixed,linear --axis schedule.p", ["schedule.per_task=", "schedule.per_task=null"]),
        ("--axis nothing=", []),
    ],
)
def test_axes(typed: str, expected: list[str]) -> None:
    assert completed(f"cltk ablate {typed}") == expected


def test_other_shells_replace_the_whole_word() -> None:
    fish = {"_CLTK_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert completed("", _TYPER_COMPLETE_ARGS="cltk ablate --axis schedule=fixed,l", **fish) == [
        "schedule=fixed,linear"
    ]


@pytest.mark.parametrize(
    "words", ["cltk runs show --store {} {}", "cltk report --store {} {}", "cltk open --store {} {}"]
)
def test_what_is_kept(tmp_path: Path, words: str) -> None:
    for file in ("digits-seed0/record.json", "studies/digits/study.json", "studies/other/study.json"):
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text("{}")
    kept = {"runs": ["digits-seed0"], "report": ["digits"], "open": ["digits", "digits-seed0"]}[words.split()[1]]
    assert completed(words.format(tmp_path, "dig")) == kept


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("list --sort acc", ["accuracy"]),
        ("list --where strategy.classifier.e", ["strategy.classifier.epochs=", "strategy.classifier.epochs=1"]),
        ("export --where status=", ["finished"]),
        ("compare --where=strategy=", ["finetune"]),
        ("rm --where nothing=", []),
        ("export --column diaz-b", ["diaz-bwt", "diaz-bwt-plus"]),
        ("export --name ", ["run"]),
    ],
)
def test_what_runs_have(tmp_path: Path, typed: str, expected: list[str]) -> None:
    folder = tmp_path / "runs" / "run-22b840a06105-seed0"
    folder.mkdir(parents=True)
    shutil.copy(Path(__file__).parent.parent / "data" / "finetune-v1.json", folder / "record.json")
    assert completed(f"cltk runs {typed}") == expected
