"""Finding and loading components of distributions that are sound, broken, or in each other's way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cltk.errors import ConfigError, PluginError
from cltk.registry import default_names, find, forget, installed, load, settings_of, shortest_name

BASE = """
from cltk.interfaces import Generator as Base
class Good(Base): ...
class Other: ...
function = lambda: None
"""

Install = Callable[..., None]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, with a module ``acme`` that holds what plugins are made of."""
    (tmp_path / "acme.py").write_text(BASE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme", raising=False)
    return tmp_path


@pytest.fixture
def install(site: Path) -> Iterator[Install]:
    """Writes the metadata of a distribution, as an installer would."""

    def write(name: str, entry_points: str, requires: str = "", metadata: bool = True) -> None:
        folder = site / f"{name.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        if metadata:
            needs = f"Requires-Dist: {requires}\n" if requires else ""
            (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n{needs}")
        (folder / "entry_points.txt").write_text(entry_points)
        forget()

    yield write
    forget()


@pytest.fixture
def base(site: Path) -> type:
    import acme  # type: ignore[import-not-found]

    return acme.Base  # type: ignore[no-any-return]


def names(kind: str) -> list[str]:
    return [plugin.name for plugin in installed(kind)]


class TestFinding:
    def test_a_third_party_component_is_found_beside_ours(self, install: Install, base: type) -> None:
        ours = names("generator")
        install("acme-gan", "[cltk.generators]\ngan = acme:Good\n")
        assert names("generator") == sorted([*ours, "gan"])
        plugin = find("generator", "gan")
        assert (plugin.qualified, plugin.provider) == ("acme-gan:gan", "acme-gan 1.2")
        assert load(plugin).__name__ == "Good"

    @pytest.mark.parametrize("name", ["acme-gan:gan", "Acme_GAN:gan", "ACME.-gan:gan"])
    def test_distributions_are_compared_as_the_packaging_standards_do(
        self, install: Install, base: type, name: str
    ) -> None:
        install("Acme_GAN", "[cltk.generators]\ngan = acme:Good\n")
        assert find("generator", name).provider == "acme-gan 1.2"
        assert settings_of(find("generator", name), {name.replace("-", "_"): {"x": 1}}) == {"x": 1}

    def test_listing_imports_nothing(self, install: Install) -> None:
        ours = names("generator")
        install("acme-gan", "[cltk.generators]\ngan = acme:Good\n")
        assert names("generator") == sorted([*ours, "gan"])
        assert "acme" not in sys.modules

    def test_an_unknown_name_comes_with_the_nearest_one(self) -> None:
        with pytest.raises(ConfigError, match="no generator 'vea'") as caught:
            find("generator", "vea")
        assert "Did you mean 'vae'?" in caught.value.advice

    def test_names_are_exact(self) -> None:
        with pytest.raises(ConfigError, match="no generator 'VAE'"):
            find("generator", "VAE")

    def test_the_same_name_from_two_distributions_must_be_qualified(self, install: Install) -> None:
        install("acme-vae", "[cltk.generators]\nvae = acme:Good\n")
        with pytest.raises(ConfigError) as caught:
            find("generator", "vae")
        assert "acme-vae 1.2 and cltk-vae" in caught.value.problem
        assert "--generator acme-vae:vae or --generator cltk-vae:vae" in caught.value.advice
        for name in ("acme-vae:vae", "cltk-vae:vae"):
            assert shortest_name(find("generator", name)) == name

    def test_the_short_name_serves_where_it_is_unique(self) -> None:
        assert shortest_name(find("generator", "cltk-vae:vae")) == "vae"

    def test_a_default_stays_ours_when_another_offers_its_name(self, install: Install) -> None:
        install("acme-vae", "[cltk.generators]\nvae = acme:Good\n")
        assert default_names("generator") == ["cltk-vae:vae"]

    def test_a_distribution_may_offer_defaults_of_its_own(self, install: Install) -> None:
        install("acme-gan", "[cltk.generators]\ngan = acme:Good\n[cltk.defaults]\ngenerator = acme:Good\n")
        assert set(default_names("generator")) == {"gan", "vae"}

    def test_a_default_may_be_a_module_of_several(self, install: Install) -> None:
        entry_points = (
            "[cltk.metrics]\na = acme:Good\nb = acme.more:B\nc = acmelike:C\n[cltk.defaults]\nmetric = acme\n"
        )
        install("acme-metrics", entry_points)
        assert set(default_names("metric")) - set(names("metric")) == set()
        assert {"a", "b"} <= set(default_names("metric"))
        assert "c" not in default_names("metric")


class TestRestriction:
    @pytest.mark.parametrize("allowed", ["cltk-vae", "cltk_vae", "CLTK-VAE , nothing"])
    def test_only_what_is_allowed_is_found(
        self, install: Install, monkeypatch: pytest.MonkeyPatch, allowed: str
    ) -> None:
        monkeypatch.setenv("CLTK_PLUGINS", allowed)
        install("acme-gan", "[cltk.generators]\ngan = acme:Good\n")
        assert names("generator") == ["class-vae", "vae"]
        assert names("classifier") == []

    def test_an_empty_list_allows_nothing(self, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLTK_PLUGINS", "")
        install("acme-gan", "[cltk.generators]\ngan = acme:Good\n")
        assert names("generator") == []


class TestLoading:
    @pytest.mark.parametrize(
        ("statement", "cause"),
        [
            ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
            ("raise ValueError('no luck')", "ValueError: no luck"),
            ("import sys; sys.exit('bye')", "SystemExit: bye"),
            ("this is no python", "SyntaxError"),
            ("raise BaseException", "BaseException"),
        ],
    )
    def test_whatever_an_import_does_is_a_broken_plugin(
        self, install: Install, site: Path, base: type, statement: str, cause: str
    ) -> None:
        (site / "acme_broken.py").write_text(statement)
        install("acme-gan", "[cltk.generators]\ngan = acme_broken:Gan\n")
        with pytest.raises(PluginError) as caught:
            load(find("generator", "gan"))
        assert f"The generator 'gan' of acme-gan 1.2 cannot be imported: {cause}" in caught.value.problem
        assert "pip uninstall acme-gan" in caught.value.advice
        assert caught.value.__cause__ is not None
        assert caught.value.exit_status == 3

    def test_a_user_who_interrupts_an_import_is_heard(self, install: Install, site: Path, base: type) -> None:
        (site / "acme_slow.py").write_text("raise KeyboardInterrupt")
        install("acme-gan", "[cltk.generators]\ngan = acme_slow:Gan\n")
        with pytest.raises(KeyboardInterrupt):
            load(find("generator", "gan"))

    @pytest.mark.parametrize("target", ["acme:Other", "acme:function", "acme", "acme:Good.__name__"])
    def test_what_is_no_such_class_is_refused(self, install: Install, base: type, target: str) -> None:
        install("acme-gan", f"[cltk.generators]\ngan = {target}\n")
        with pytest.raises(PluginError, match=r"of acme-gan 1\.2 is not a Generator \(found "):
            load(find("generator", "gan"))

    @pytest.mark.parametrize("target", ["", "acme:", "acme:Missing", "no module:at all", ":", "acme:Good:Good"])
    def test_a_malformed_entry_point_is_a_broken_plugin(self, install: Install, base: type, target: str) -> None:
        install("acme-gan", f"[cltk.generators]\ngan = {target}\n")
        with pytest.raises(PluginError, match=r"The generator 'gan' of acme-gan 1\.2"):
            load(find("generator", "gan"))

    @pytest.mark.parametrize(
        "requirement", ["cltk-core>=99", "cltk_core<0.1", "CLTK-Core==7", "cltk-core>=99; python_version > '3'"]
    )
    def test_another_version_of_the_core_is_refused_before_the_import(
        self, install: Install, base: type, requirement: str
    ) -> None:
        install("acme-gan", "[cltk.generators]\ngan = acme_never:Gan\n", requires=requirement)
        with pytest.raises(PluginError, match=r"needs cltk-core.*, but this is cltk-core"):
            load(find("generator", "gan"))

    @pytest.mark.parametrize(
        "requirement",
        ["cltk-core", "cltk-core>=0.0.1,<9", "cltk-core>=99; extra == 'new'", "numpy>=1", "this is (no requirement"],
    )
    def test_other_requirements_are_no_hindrance(self, install: Install, base: type, requirement: str) -> None:
        install("acme-gan", "[cltk.generators]\ngan = acme:Good\n", requires=requirement)
        assert load(find("generator", "gan")).__name__ == "Good"


class TestUnreadableMetadata:
    @pytest.mark.parametrize(
        "entry_points", ["[cltk.generators]\nno equals sign\n", "gan = acme:Good\n", "[cltk.generators\n"]
    )
    def test_a_file_that_does_not_parse_hides_no_other_plugin(self, install: Install, entry_points: str) -> None:
        ours = names("generator")
        install("acme-gan", entry_points)
        assert names("generator") == ours

    def test_a_distribution_without_metadata_is_passed_over(self, install: Install) -> None:
        install("acme-gan", "[cltk.generators]\ngan = acme:Good\n", metadata=False)
        assert "gan" not in names("generator")


@pytest.mark.parametrize("command", [["--help"], ["plugins", "list"], ["plugins", "list", "--json"], ["run", "--help"]])
def test_a_light_command_imports_nothing_heavy(command: list[str]) -> None:
    """However many plugins are installed, listing them is quick."""
    script = (
        "import json, sys, cltk.cli\n"
        f"sys.argv[1:] = {command!r}\n"
        "try:\n    cltk.cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    heavy = {"torch", "torchvision", "mlflow", "optuna", "numpy", "scipy", "sklearn", "matplotlib", "cltk_vae"}
    assert heavy & set(json.loads(done.stderr.splitlines()[-1])) == set()
    assert done.stdout
