"""``cltk cite``: BibTeX for the toolkit and for the papers behind components."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from glob import escape
from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.complete import plugin_names
from cltk.cli.console import noise_to_stderr
from cltk.cli.options import RUNS, Store
from cltk.kinds import KINDS, SLOTS
from cltk.registry import Plugin

__all__ = ["cite"]

_FILE = "references.bib"
"""Where a package keeps the entries of the works that its docstrings cite."""
_WORK = re.compile(
    r"(?P<authors>[^\W\d_][\w.'’-]*(?:(?:,| &| and| et| de| van| der) ?[\w.'’-]+)*) (?P<year>\d{4}),"
    r"(?: [^,;()]+,)??\s(?P<kind>arXiv|DOI) (?P<id>(?:[\w./-]|\([\w./-]+\))*\w)"
)


def cite(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            help="Components by name, an experiment's file, a study by name, or a run's id or the beginning of it; by "
            "default, the default components.",
            autocompletion=plugin_names(),
        ),
    ] = None,
    store: Store = RUNS,
) -> None:
    """Print BibTeX for cltk and for the papers that components follow."""
    from cltk import __version__
    from cltk.registry import default_names, find

    with noise_to_stderr():
        if what:
            plugins = list(dict.fromkeys(plugin for name in what for plugin in _plugins(name, store)))
        else:
            plugins = [find(kind, name) for kind in KINDS for name in default_names(kind)]
        entries = _entries(plugins)
    print(_toolkit(__version__), *entries, sep="\n\n")


def _plugins(name: str, store: Path) -> list[Plugin]:
    """The components that a name, a file, a study or a run stands for.

    Raises:
        ConfigError: It stands for nothing.
    """
    from cltk.cli.plugins import named
    from cltk.config import check
    from cltk.errors import ConfigError
    from cltk.experiment import Experiment
    from cltk.layers import read_toml
    from cltk.resolve import resolve
    from cltk.runs.reading import LATEST, find_records

    if name.endswith(".toml"):
        whole = read_toml(Path(name))
        layer = {key: value for key, value in whole.items() if key in Experiment.model_fields}
        study = whole.get("ablate")
        with suppress(ConfigError) if study else nullcontext():  # What all cells share need be no experiment.
            return [*_components(resolve(check(Experiment, layer, f"'{name}'")).config), *_varied(study or {})]
        return [*_varied({"variants": [layer]}), *_varied(study or {})]
    if name == LATEST or (store / name / "record.json").exists():
        return _components(find_records(store, [name])[0].config)
    try:
        return named(name)
    except ConfigError as error:
        if cells := _cells(store, name):
            return [plugin for cell in cells for plugin in _components(cell["experiment"])]
        if not any(store.glob(f"{escape(name)}*/record.json")):
            raise ConfigError(f"There is no component, study or run '{name}'.", error.advice) from error
        return _components(find_records(store, [name])[0].config)


def _cells(store: Path, name: str) -> list[dict[str, Any]]:
    """The cells of a study in the store; runs alone would not tell of those that it found there already.

    Raises:
        StoreError: Its file is unreadable.
    """
    from cltk.errors import StoreError

    path = store / "studies" / name / "study.json"
    if not path.is_file():
        return []
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"Cannot read '{path}': {error}", "Repair it, or name the components.") from error
    return cells


def _varied(study: Mapping[str, Any]) -> Iterator[Plugin]:
    """The components that the cells of a study name."""
    from cltk.registry import find

    for table in (study.get("axes") or {}, *(study.get("variants") or ())):
        for slot in (slot for slot in SLOTS if slot in table):
            for value in table[slot] if isinstance(table[slot], list) else [table[slot]]:
                if name := value.get("name") if isinstance(value, Mapping) else value:
                    yield find(slot, name)


def _components(config: Mapping[str, Any]) -> list[Plugin]:
    from cltk.registry import find

    slots = [(slot, config[slot]["name"]) for slot in SLOTS if config.get(slot)]
    metrics = [("metric", metric["name"]) for metric in config.get("metrics") or ()]
    return [find(kind, name) for kind, name in (*slots, *metrics)]


def _toolkit(version: str) -> str:
    return (
        "@software{cltk,\n"
        "  author = {{The cltk developers}},\n"
        "  title = {cltk: a modular plugin-registry toolkit for ablations in continual learning},\n"
        f"  version = {{{version}}},\n"
        "  year = {2026},\n"
        "}"
    )


def _entries(plugins: Iterable[Plugin]) -> list[str]:
    """One entry for each work that is cited as ``Authors Year, [title,] arXiv|DOI identifier``.

    It is the one that the component's package has, or else what the citation says.
    """
    from cltk.registry import load

    entries: dict[tuple[str, str], str] = {}
    for plugin in plugins:
        loaded = load(plugin)
        kept = _kept(loaded.__module__.partition(".")[0])
        for work in _WORK.finditer(" ".join((loaded.__doc__ or "").split())):
            entries.setdefault((work["kind"], work["id"]), kept.get(work["id"]) or _entry(work))
    return list(dict.fromkeys(entries.values()))


def _kept(package: str) -> dict[str, str]:
    """The entries of a package's own file, by arXiv number or DOI."""
    path = Path(str(sys.modules[package].__file__)).parent / _FILE
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    entries = [entry.strip() for entry in re.split(r"^(?=@)", text, flags=re.MULTILINE) if entry.strip()]
    keys = [re.search(r"^\s*(?:eprint|doi) *= *\{(.+?)\},?$", entry, re.MULTILINE) for entry in entries]
    return {key[1]: entry for key, entry in zip(keys, entries, strict=True) if key}


def _entry(work: re.Match[str]) -> str:
    first = re.split(r",| &| et| and ", work["authors"])[0].strip()
    plain = unicodedata.normalize("NFKD", first).encode("ascii", "ignore").decode()
    key = re.sub(r"\W", "", f"{plain}{work['year']}").lower() + re.sub(r"\W", "", work["id"])[-4:]
    authors = work["authors"].replace(" et al.", " and others").replace(" &", " and").replace(", ", " and ")
    where = [("eprint", work["id"]), ("archivePrefix", "arXiv")] if work["kind"] == "arXiv" else [("doi", work["id"])]
    fields = [("author", authors), ("year", work["year"]), *where]
    return "\n".join([f"@misc{{{key},", *(f"  {name} = {{{value}}}," for name, value in fields), "}"])
