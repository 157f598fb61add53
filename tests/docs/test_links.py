"""Links of the files that are read outside of the site; the site's own are checked where it is built."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS

ROOT = DOCS.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("plugins/*/README.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_linked_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)", page.read_text())
    here = [link for link in links if not link.startswith(("https://", "http://"))]
    assert [link for link in here if not (page.parent / link).exists()] == []
