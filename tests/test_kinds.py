"""What else names the kinds of plugin says what their table says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import cltk.interfaces
from cltk.interfaces import SlotName
from cltk.kinds import KINDS
from cltk.testing.conformance import checks_of

PAGE = Path(__file__).parent.parent / "docs" / "plugins" / "kinds.md"
ROWS = {
    name: (group, re.findall(r"`(\w+)`", classes), page)
    for name, group, classes, page in re.findall(
        r"^\| (\w+) \| `(\S+)` \| (.+?) \| .*\| \[.+\]\((\S+)\) \|$", PAGE.read_text(), re.MULTILINE
    )
}
"""Of the page of kinds: group, classes and page of each."""


def test_the_slots_of_a_strategy_are_those_that_not_every_experiment_fills() -> None:
    assert get_args(SlotName) == tuple(kind.name for kind in KINDS.values() if kind.is_slot and not kind.is_compulsory)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_checks(name: str) -> None:
    kind = KINDS[name]
    assert checks_of(kind.base_class if kind.base else print)


def test_the_page_of_kinds_has_a_row_of_each() -> None:
    assert list(ROWS) == list(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_the_page_of_kinds_says_what_is_so(name: str) -> None:
    kind, (group, classes, page) = KINDS[name], ROWS[name]
    assert group == kind.group
    assert bool(classes) == (kind.base is not None)
    assert all(kind.accepts(getattr(cltk.interfaces, cls)) for cls in classes)
    assert (PAGE.parent / page).exists()
