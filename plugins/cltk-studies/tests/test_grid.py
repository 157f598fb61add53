"""From an ``[ablate]`` table to cells."""

from __future__ import annotations

from typing import Any

import pytest

from cltk.config import check
from cltk.errors import ConfigError
from cltk_studies.questions.grid import Ablation, experiments_of

BASE = {"strategy": {"name": "generative-replay"}, "generator": {"name": "vae"}, "schedule": {"name": "fixed"}}


def cells(**table: Any) -> dict[str, Any]:
    return experiments_of(check(Ablation, table, "[ablate]"), BASE)


def test_axes_multiply() -> None:
    found = cells(axes={"schedule": ["fixed", {"name": "power", "exponent": 0.5}], "generator.latent_dim": [2, 100]})
    assert list(found) == [
        "fixed, latent_dim=2",
        "fixed, latent_dim=100",
        "power exponent=0.5, latent_dim=2",
        "power exponent=0.5, latent_dim=100",
    ]
    own, resolved = found["power exponent=0.5, latent_dim=2"]
    experiment = resolved.experiment
    assert own == {"schedule": {"name": "power", "exponent": 0.5}, "generator": {"latent_dim": 2}}
    assert experiment.generator is not None
    assert experiment.generator.settings == {"latent_dim": 2}


def test_a_path_may_be_nested_or_quoted() -> None:
    assert list(cells(axes={"generator": {"latent_dim": [2, 3]}})) == list(cells(axes={"generator.latent-dim": [2, 3]}))


def test_variants_set_whole_cells_and_leave_out_slots_that_their_strategy_has_no_use_for() -> None:
    found = cells(variants=({"name": "replay"}, {"name": "buffer", "strategy": {"name": "gdumb", "buffer": 50}}))
    assert list(found) == ["replay", "buffer"]
    experiment = found["buffer"][1].experiment
    assert experiment.strategy.name == "gdumb"
    assert experiment.generator is None
    assert experiment.schedule is None


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "no cell"),
        ({"axes": {"shedule": ["fixed"]}}, "does not exist"),
        ({"axes": {"schedule": []}}, "no values"),
        ({"axes": {"schedule": "fixed"}}, "no values"),
        ({"axes": {"seeds": [1]}}, "does not exist"),
        ({"axes": {"schedule": ["fixed", "fixed"]}}, "Two cells"),
        ({"variants": ({"schedule": "fixed"},)}, "no name"),
        ({"variants": ({"name": "a", "shedule": "fixed"},)}, "does not exist"),
        ({"axis": {}}, "no field 'axis'"),
    ],
)
def test_mistakes_are_named(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        cells(**table)
