"""What a study is expected to take: every strategy's phases are tried, and asked what they would train on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
Write = Callable[..., Path]

BUDGET = "{ steps = 2000 }"

REPLAY = 'schedule = "fixed"\nstrategy = { name = "generative-replay"'

CELLS = [
    f'schedule = "fixed"\nstrategy = {{ name = "feedback-replay", network = {BUDGET} }}',
    f'{REPLAY}, replay = {{ active = "so-far" }}, classifier = {BUDGET}, generator = {BUDGET} }}\ngenerator = "vae"',
    f'{REPLAY}, classifier = {BUDGET}, generator = {BUDGET} }}\ngenerator = "class-vae"',
    f'strategy = {{ name = "expanding", training = {BUDGET} }}',
    f'strategy = {{ name = "pec", training = {BUDGET} }}',
    f'strategy = {{ name = "si", classifier = {BUDGET} }}',
    f'strategy = {{ name = "joint", at_end = true, classifier = {BUDGET} }}',
]


@pytest.mark.parametrize("settings", CELLS)
def test_no_strategy_is_expected_to_take_no_time(write: Write, cli: Cli, store: Path, settings: str) -> None:
    file = write(f'[[ablate.variants]]\nname = "it"\n{settings}\n\n[[ablate.variants]]\nname = "fine-tuning"\n')
    plan = cli("ablate", file, "--store", store, "--dry-run", "--json")
    assert plan.status == 0, plan.err
    assert plan.json["cells"][0]["seconds"] > 0


def test_a_step_of_ones_own_takes_all_its_epochs(write: Write, cli: Cli, store: Path) -> None:
    budgets = ("{ steps = 10 }", "{ steps = 10000 }")
    cells = [f'[[ablate.variants]]\nname = "{n}"\nstrategy = {{ name = "si", classifier = {n} }}' for n in budgets]
    plan = cli("ablate", write("\n".join(cells)), "--store", store, "--dry-run", "--json")
    short, long = (cell["seconds"] for cell in plan.json["cells"])
    assert long > 20 * max(short, 0.05)
