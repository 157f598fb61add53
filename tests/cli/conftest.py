"""What the tests of the command line share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cltk.registry import forget

QUICK = ["--strategy.classifier.epochs", "1", "--strategy.classifier.min-steps", "0", "--threads", "1"]
FINETUNE = ["run", "--scenario", "split-digits", "--strategy", "finetune", *QUICK]
REPLAY = ["run", "--scenario", "split-digits", *QUICK, "--generator.hidden", "16", "--generator.latent-dim", "4"]
REPLAY += ["--strategy.generator.epochs", "1", "--strategy.generator.min-steps", "0"]


@pytest.fixture(scope="session")
def finetune() -> list[str]:
    """The quickest run."""
    return FINETUNE


@pytest.fixture(scope="session")
def replay() -> list[str]:
    """Generative replay, as quick as it can be."""
    return REPLAY


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for runs that do not mind others beside them: making one takes long."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, and without data sets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLTK_DATA_DIR", raising=False)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a schedule ``odd`` of the distribution ``acme``, from the text of its module."""

    def install(source: str, requires: str = "cltk-core") -> None:
        metadata = tmp_path / "site" / "acme-1.2.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: acme\nVersion: 1.2\nRequires-Dist: {requires}\n"
        )
        (metadata / "entry_points.txt").write_text("[cltk.schedules]\nodd = acme_odd:Odd\n")
        (tmp_path / "site" / "acme_odd.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path / "site")
        monkeypatch.delitem(sys.modules, "acme_odd", raising=False)
        forget()

    yield install
    forget()
