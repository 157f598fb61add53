"""Broken packages of every sort, installed at once: nobody else notices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

QUICK = {
    "CLTK_STRATEGY__CLASSIFIER__EPOCHS": "1",
    "CLTK_STRATEGY__CLASSIFIER__MIN_STEPS": "0",
    "CLTK_STRATEGY__GENERATOR__EPOCHS": "1",
    "CLTK_STRATEGY__GENERATOR__MIN_STEPS": "0",
    "CLTK_THREADS": "1",
}
IMPORTED = "import pathlib; pathlib.Path(__file__).with_suffix('.imported').touch()\n"
# Module, what it holds, its entry points, what its distribution requires.
BROKEN = {
    "raises": ("raise RuntimeError('no luck')", "[cltk.generators]\nraises = raises:G\n", ""),
    "exits": ("raise SystemExit(7)", "[cltk.generators]\nexits = exits:G\n", ""),
    "slow": ("import time; time.sleep(10)\nclass G: ...", "[cltk.generators]\nslow = slow:G\n", ""),
    "novalue": ("", "[cltk.generators]\nthis line has no value\n", ""),
    "nocolon": ("", "[cltk.generators]\nnocolon = not a module!\n", ""),
    "future": ("class G: ...", "[cltk.generators]\nfuture = future:G\n", "cltk-core>=99"),
    "taken": ("class G: ...", "[cltk.generators]\nvae = taken:G\n", ""),
    "wrongkind": ("class G: ...", "[cltk.generators]\nwrongkind = wrongkind:G\n", ""),
    "absent": ("", "[cltk.generators]\nabsent = absent:Nothing\n", ""),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, (code, entry_points, requires) in BROKEN.items():
        (folder / f"{name}.py").write_text(IMPORTED + code)
        info = folder / f"acme_{name}-1.2.dist-info"
        info.mkdir()
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 1.2\n{needs}")
        (info / "entry_points.txt").write_text(entry_points)
    return folder


def cltk(site: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cltk", *arguments],
        env=os.environ | QUICK | {"PYTHONPATH": str(site)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def imported(site: Path) -> set[str]:
    found = {path.stem for path in site.glob("*.imported")}
    for path in site.glob("*.imported"):
        path.unlink()
    return found


@pytest.mark.parametrize("arguments", [["--help"], ["plugins", "list"], ["run", "--help"]])
def test_listing_and_helping_import_none_of_them(site: Path, arguments: list[str]) -> None:
    done = cltk(site, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert imported(site) == set()


def test_a_run_imports_none_of_them(site: Path, tmp_path: Path) -> None:
    done = cltk(site, "run", "--scenario", "split-digits", "--json", "--store", str(tmp_path))
    assert done.returncode == 0
    assert json.loads(done.stdout)["plugins"]["generator"].startswith("cltk-vae ")
    assert imported(site) == set()


def test_the_list_says_what_metadata_shows_to_be_wrong(site: Path) -> None:
    rows = json.loads(cltk(site, "plugins", "list", "--json").stdout)
    state = {(row["name"], row["distribution"]): row["state"] for row in rows}
    assert state["future", "acme-future"].startswith("needs cltk-core>=99, but this is cltk-core")
    assert "malformed" in state["nocolon", "acme-nocolon"]
    assert "taken by cltk-vae" in state["vae", "acme-taken"]
    assert "acme-taken:vae" in state["vae", "acme-taken"]
    assert "taken by acme-taken" in state["vae", "cltk-vae"]
    assert any("malformed" in row["state"] and "acme_novalue" in row["distribution"] for row in rows)
    assert state["raises", "acme-raises"] == "ready"


@pytest.mark.parametrize(
    ("name", "status", "cause"),
    [
        ("raises", 3, "RuntimeError: no luck"),
        ("exits", 3, "SystemExit: 7"),
        ("future", 3, "needs cltk-core>=99"),
        ("wrongkind", 3, "is not a Generator"),
        ("absent", 3, "AttributeError"),
        ("nocolon", 3, "cannot be imported"),
        ("vae", 2, "--generator cltk-vae:vae"),
    ],
)
def test_using_one_gets_one_message(site: Path, name: str, status: int, cause: str) -> None:
    done = cltk(site, "run", "--generator", name, "--scenario", "split-digits", COLUMNS="300")
    assert (done.returncode, done.stdout) == (status, "")
    assert cause in done.stderr
    assert f"acme-{'taken' if name == 'vae' else name}" in done.stderr
    assert "Traceback" not in done.stderr
    imported(site)


def test_the_doctor_loads_them_all(site: Path) -> None:
    done = cltk(site, "plugins", "doctor", "--json")
    assert done.returncode == 3
    rows = {row["distribution"]: row for row in json.loads(done.stdout)["plugins"]}
    assert rows["acme-slow"]["seconds"] > 9
    assert "no luck" in rows["acme-raises"]["state"]
    assert rows["cltk-mlp"]["state"] == "ready"
    assert "acme_novalue" in done.stderr
    imported(site)


def test_a_shared_machine_allows_some_distributions_only(site: Path) -> None:
    rows = json.loads(cltk(site, "plugins", "list", "--json", CLTK_PLUGINS="cltk-vae, cltk_mlp").stdout)
    assert {row["distribution"] for row in rows if row["name"]} == {"cltk-vae", "cltk-mlp"}


def test_the_unrelated_distribution_of_the_same_name_is_reported(site: Path) -> None:
    info = site / "cltk-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cltk\nVersion: 1.5\n")
    done = cltk(site, "plugins", "doctor", CLTK_PLUGINS="cltk-mlp")
    (info / "METADATA").unlink()
    info.rmdir()
    assert done.returncode == 3
    assert "Classical Language Toolkit" in done.stderr
