"""A package that is edited in place has another digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from cltk.sources import digest_of


@pytest.fixture(autouse=True)
def _forget() -> None:
    digest_of.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "cltk_edited_example"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "inner.py").write_text("VALUE = 1\n")
    return folder


def test_an_edit_anywhere_in_the_package_changes_it(package: Path) -> None:
    before = digest_of("cltk_edited_example.inner")
    digest_of.cache_clear()
    assert digest_of("cltk_edited_example") == before
    digest_of.cache_clear()
    (package / "inner.py").write_text("VALUE = 2\n")
    assert digest_of("cltk_edited_example.inner") != before


def test_compiled_files_do_not(package: Path) -> None:
    before = digest_of("cltk_edited_example")
    digest_of.cache_clear()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "inner.pyc").write_bytes(b"compiled")
    assert digest_of("cltk_edited_example") == before


def test_a_single_module_has_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "cltk_edited_module.py").write_text("VALUE = 1\n")
    before = digest_of("cltk_edited_module")
    digest_of.cache_clear()
    (tmp_path / "cltk_edited_module.py").write_text("VALUE = 2\n")
    assert "" != before != digest_of("cltk_edited_module")


def test_what_has_no_files_has_none() -> None:
    assert digest_of("no_such_package_anywhere") == ""
