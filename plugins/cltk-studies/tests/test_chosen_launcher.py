"""How a launcher is named and set, in a file and by options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]
Cli = Callable[..., Any]

ABLATE = '[ablate.axes]\n"strategy.classifier.lr" = [0.001]\n'
TUNE = '[tune]\ntrials = 2\n[tune.space]\n"strategy.classifier.lr" = { low = 0.001, high = 0.01 }\n'


@pytest.mark.parametrize(("command", "study"), [("ablate", ABLATE), ("tune", TUNE)])
@pytest.mark.parametrize(
    ("table", "options"),
    [
        ("", ("--launcher", "slurm", "--launcher.time", "30", "--launcher.array-parallelism", 2)),
        ("", ("--launcher", "slurm", "--launcher.slurm.time", "30", "--launcher.slurm.array-parallelism", 2)),
        ('[launcher]\nname = "slurm"\ntime = "30"\narray-parallelism = 2\n', ()),
        ('[launcher.slurm]\ntime = "30"\narray-parallelism = 2\n', ("--launcher", "slurm")),
        ('[launcher]\nname = "slurm"\n[launcher.slurm]\ntime = "10"\narray-parallelism = 2\n', ("--launcher.time=30",)),
        ('[launcher.slurm]\ntime = "30"\narray-parallelism = 2\n', ("CLTK_LAUNCHER",)),
    ],
)
def test_it_is_set_by_file_or_options(
    write: Write, cli: Cli, store: Path, command: str, study: str, table: str, options: tuple[object, ...]
) -> None:
    variables = {"CLTK_LAUNCHER": "slurm"} if "CLTK_LAUNCHER" in options else {}
    given = [option for option in options if option not in variables]
    plan = cli(command, write(study + table), "--store", store, "--workers", 3, *given, "--dry-run", **variables)
    assert plan.status == 0, plan.err
    assert {"#SBATCH --time=30", "#SBATCH --array=0-2%2"} <= set(plan.out.splitlines())


def test_one_that_is_set_and_not_used_is_said(write: Write, cli: Cli, store: Path) -> None:
    file = write(ABLATE + '[launcher.slurm]\ntime = "30"\n')
    assert "The launcher 'slurm' is set to something" in cli("ablate", file, "--store", store, "--dry-run").said
    used = cli("ablate", file, "--store", store, "--launcher", "slurm", "--dry-run")
    assert "is set to something" not in used.said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--launcher", "slrum"), "Did you mean 'slurm'"),
        (("--launcher.slrum.time", "30"), "Did you mean 'slurm'"),
        (("--launcher", "slurm", "--launcher.tim", "30"), "--launcher.tim: launcher 'slurm': there is no field 'tim'"),
        (("--launcher", "slurm", "--launcher.slurm.cpus", 0), "For example: --launcher.slurm.cpus 1"),
        (("--launcher", "slurm", "--launcher.cpus", 0), "For example: --launcher.cpus 1"),
        (("--launcher.queue", "short"), "launcher 'local': there is no field 'queue'"),
    ],
)
def test_what_cannot_be_is_named_where_it_was_given(
    write: Write, cli: Cli, store: Path, options: tuple[object, ...], said: str
) -> None:
    done = cli("ablate", write(ABLATE), "--store", store, *options)
    assert done.status == 2
    assert said in done.said
    assert not store.exists()
