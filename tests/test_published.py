"""What components say of published figures is shown by a study of this repository."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cltk.interfaces import Published
from cltk.kinds import KINDS
from cltk.registry import installed, load
from cltk.runs.verified import verified
from cltk_studies.questions.grid import Ablation, experiments_of

EXPERIMENTS = Path(__file__).parent.parent / "experiments"
SLOTS = [kind.name for kind in KINDS.values() if kind.is_slot]
CLASSES = {plugin.name: load(plugin) for slot in SLOTS for plugin in installed(slot)}
SHOWN = [(name, figure.published) for name, cls in CLASSES.items() for figure in verified(cls)]


@pytest.mark.parametrize(("name", "figure"), SHOWN, ids=[f"{name}, {figure.cell}" for name, figure in SHOWN])
def test_what_is_shown_comes_from_a_study_of_this_repository(name: str, figure: Published) -> None:
    layer = tomllib.loads((EXPERIMENTS / f"{figure.study}.toml").read_text())
    _, resolved = experiments_of(Ablation.model_validate(layer.pop("ablate")), layer)[figure.cell]
    assert name in {chosen.plugin.name for chosen in resolved.components.values()}


@pytest.mark.parametrize("name", ["slda", "randumb"])
def test_closed_forms_ship_their_runs(name: str) -> None:
    (figure,) = verified(CLASSES[name])
    assert figure.ours.n >= 3
    assert abs(figure.ours.mean - figure.published.value) < 0.02
    assert f"{figure.published.value:.4f}" in str(figure)
