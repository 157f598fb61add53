"""Published figures and what came of them here, as they ship with a component's package."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cltk.cli.show import verified_lines
from cltk.errors import StoreError
from cltk.runs.verified import Runs, keep_runs, verified

MODULE = """
from cltk.interfaces import Component, Published


class Known(Component):
    published = (
        Published("split digits", 0.9, "arXiv 0000.00000, table 1", study="digits", cell="known"),
        Published("split digits, larger", 0.95, "arXiv 0000.00000, table 2", study="digits", cell="larger"),
    )


class Derived(Known):
    pass
"""
RUNS = Runs(config_hash="0123456789ab", made_with=("cltk-core 0.2.0",), values={0: 0.88, 1: 0.92})


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    package = tmp_path / "reproducing"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "component.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("reproducing.component")
    for name in ("reproducing.component", "reproducing"):
        del sys.modules[name]


def test_a_figure_counts_once_runs_ship_with_it(module: Any) -> None:
    assert verified(module.Known) == []
    runs, path = keep_runs(module.Known, module.Known.published[0], RUNS)
    assert runs == RUNS
    assert path == Path(module.__file__).with_name("verified.json")
    (figure,) = verified(module.Known)
    assert figure.ours.mean == pytest.approx(0.9)
    assert figure.runs == RUNS
    assert "0.9000 ± 0.2541 here (2 seeds), 0.9000 in arXiv 0000.00000, table 1, a difference of" in str(figure)
    assert "study 'digits', cell 'known'" in str(figure)


def test_new_runs_take_the_place_of_old_ones_and_leave_others(module: Any) -> None:
    first, second = module.Known.published
    keep_runs(module.Known, first, RUNS)
    keep_runs(module.Known, second, RUNS)
    newer = RUNS.model_copy(update={"config_hash": "ba9876543210", "values": {0: 0.5}})
    keep_runs(module.Known, first, newer)
    assert [figure.runs for figure in verified(module.Known)] == [newer, RUNS]


@pytest.mark.parametrize("change", [{"config_hash": "ba9876543210"}, {"made_with": ("cltk-core 0.3.0",)}])
def test_other_seeds_of_the_same_runs_stay_and_of_others_do_not(module: Any, change: dict[str, Any]) -> None:
    figure = module.Known.published[0]
    more = RUNS.model_copy(update={"values": {2: 0.9, 1: 0.5}})
    keep_runs(module.Known, figure, RUNS)
    runs, _ = keep_runs(module.Known, figure, more)
    assert runs.values == {0: 0.88, 1: 0.5, 2: 0.9}
    assert [kept.runs for kept in verified(module.Known)] == [runs]
    other = more.model_copy(update=change)
    assert keep_runs(module.Known, figure, other)[0] == other


def test_what_derives_from_a_component_reproduces_nothing_by_that(module: Any) -> None:
    keep_runs(module.Known, module.Known.published[0], RUNS)
    assert verified(module.Derived) == []


def test_an_altered_file_is_said(module: Any) -> None:
    _, path = keep_runs(module.Known, module.Known.published[0], RUNS)
    path.write_text(path.read_text().replace("0.88", '"much"'))
    with pytest.raises(StoreError, match=r"verified\.json"):
        verified(module.Known)


def test_a_component_without_a_figure_says_so() -> None:
    assert verified_lines({"verified": []}) == ["Verified: no published figure."]
    assert verified_lines({"verified": None}) == []
    assert verified_lines({"verified": [{"text": "as published."}]}) == ["Verified: as published."]
