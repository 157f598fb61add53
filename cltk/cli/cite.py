"""``cltk cite``: BibTeX for the toolkit and for the papers behind components."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Annotated

import typer

from cltk.cli.complete import plugin_names
from cltk.kinds import KINDS

__all__ = ["cite"]

_WORK = re.compile(
    r"(?P<authors>[^\W\d_][\w.'’-]*(?:(?:,| &| and| et| de| van| der) ?[\w.'’-]+)*) (?P<year>\d{4}),"
    r"(?: [^,;()]+,)?\s(?P<kind>arXiv|DOI) (?P<id>(?:[\w./-]|\([\w./-]+\))*\w)"
)


def cite(
    components: Annotated[
        list[str] | None,
        typer.Argument(help="Components by name; by default, the default ones.", autocompletion=plugin_names()),
    ] = None,
) -> None:
    """Print BibTeX for cltk and for the papers that components follow."""
    from cltk import __version__
    from cltk.cli.plugins import named
    from cltk.registry import default_names, find, load

    if components:
        plugins = [plugin for name in components for plugin in named(name)]
    else:
        plugins = [find(kind, name) for kind in KINDS for name in default_names(kind)]
    docs = [load(plugin).__doc__ or "" for plugin in plugins]
    print(_toolkit(__version__), *_entries(docs), sep="\n\n")


def _toolkit(version: str) -> str:
    return (
        "@software{cltk,\n"
        "  author = {{The cltk developers}},\n"
        "  title = {cltk: a modular plugin-registry toolkit for ablations in continual learning},\n"
        f"  version = {{{version}}},\n"
        "  year = {2026},\n"
        "}"
    )


def _entries(docs: Iterable[str]) -> list[str]:
    """One entry for each work that is cited as ``Authors Year, [title,] arXiv|DOI identifier``."""
    entries: dict[tuple[str, str], str] = {}
    for doc in docs:
        for work in _WORK.finditer(" ".join(doc.split())):
            entries.setdefault((work["kind"], work["id"]), _entry(work))
    return list(entries.values())


def _entry(work: re.Match[str]) -> str:
    first = re.split(r",| &| et| and ", work["authors"])[0].strip()
    plain = unicodedata.normalize("NFKD", first).encode("ascii", "ignore").decode()
    key = re.sub(r"\W", "", f"{plain}{work['year']}").lower() + re.sub(r"\W", "", work["id"])[-4:]
    authors = work["authors"].replace(" et al.", " and others").replace(" &", " and").replace(", ", " and ")
    where = [("eprint", work["id"]), ("archivePrefix", "arXiv")] if work["kind"] == "arXiv" else [("doi", work["id"])]
    fields = [("author", authors), ("year", work["year"]), *where]
    return "\n".join([f"@misc{{{key},", *(f"  {name} = {{{value}}}," for name, value in fields), "}"])
