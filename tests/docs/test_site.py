"""The site as it is built: everybody can read it, every link leads somewhere, and nothing comes from another host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser import Browser, chromium
from tests.commandline import Cli
from tests.docs.pages import DOCS

pytestmark = pytest.mark.slow

STUDY = (
    "ablate --scenario split-digits --axis strategy=finetune,experience-replay,joint --strategy.classifier.steps 5 "
    "--seeds 0..2 --name small --sink none --quiet"
)
SERIOUS = ("serious", "critical")
LOADED = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}


class Page(HTMLParser):
    """What a page is linked to, what it loads, and what can be linked to in it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if values.get("rel") != "canonical" and values.get(LOADED.get(tag, "")):
            self.loaded.add(values[LOADED[tag]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=DOCS.parent, env=quiet, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture(scope="module", params=[False, True], ids=["light", "dark"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("no Chromium is installed")
    with Browser(dark=request.param) as opened:
        yield opened


def barriers(browser: Browser, page: Path) -> list[str]:
    """What axe-core finds that keeps people from reading a page: all that is serious or worse.

    In the dark, contrast alone: nothing else depends on it.
    """
    spec = find_spec("axe_core_python")
    assert spec is not None
    assert spec.origin is not None
    browser.go(page.as_uri())
    browser.evaluate((Path(spec.origin).parent / "axe.min.js").read_text() + "; 0")
    dark = browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if dark else {})
    shown = "found => found.violations.map(v => [v.impact, v.id, v.nodes[0].html])"
    found = browser.evaluate(f"axe.run({json.dumps(options)}).then({shown})")
    return [f"{page}: {rule}: {html}" for impact, rule, html in found if impact in SERIOUS]


def test_no_page_keeps_anybody_out(site: Path, browser: Browser) -> None:
    pages = sorted(site.rglob("index.html"))  # The one for what is not found works from a server's root alone.
    assert len(pages) > 30
    assert [found for page in pages for found in barriers(browser, page)] == []


def test_a_report_keeps_nobody_out(cli: Cli, browser: Browser, tmp_path: Path) -> None:
    assert cli(*STUDY.split(), "--store", tmp_path).status == 0
    page = tmp_path / "small.html"
    assert cli("report", "small", "--store", tmp_path, "--html", "-o", page).status == 0
    assert barriers(browser, page) == []
    cells = "[...document.querySelector('table').tBodies[0].rows].map(row => parseFloat(row.cells[6].textContent))"
    browser.click("th button", "bytes")
    assert browser.evaluate(cells) == sorted(browser.evaluate(cells))


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = {path: Page(path) for path in site.rglob("*.html")}
    lost = []
    for path, page in pages.items():
        assert [address for address in page.loaded if urlsplit(address).netloc] == [], path
        for address in page.links | page.loaded:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            base = site if parts.path.startswith("/") else path.parent
            target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchors = pages[target].anchors if target in pages else set()
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in anchors):
                lost.append(f"{path}: {address}")
    assert lost == []


def test_the_search_knows_every_page(site: Path) -> None:
    known = {
        entry["location"].partition("#")[0]
        for entry in json.loads((site / "search/search_index.json").read_text())["docs"]
    }
    pages = {f"{path.parent.relative_to(site)}/".replace("./", "") for path in site.rglob("index.html")}
    assert pages <= known
