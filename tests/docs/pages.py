"""Pages of the docs as their readers meet them: files to write, commands to type."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCS", "Block", "Shell", "blocks"]

DOCS = Path(__file__).parents[2] / "docs"
_PART = re.compile(
    r"^#+ (?P<section>[^\n]+)$|^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_LONGEST = 1200.0
"""Seconds that a block may take on a busy machine."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file that it is titled with, and the heading that it stands under."""

    section: str
    language: str
    title: str
    text: str

    def write(self, folder: Path) -> None:
        """Writes the file that it shows."""
        (folder / self.title).write_text(self.text)


def blocks(page: str, language: str) -> Iterator[Block]:
    """The blocks of a language on a page, in order."""
    section = ""
    for part in _PART.finditer((DOCS / page).read_text()):
        section = part["section"] or section
        if part["language"] == language:
            yield Block(section, language, part["title"] or "", part["text"])


class Shell:
    """A terminal in ``folder`` in which ``cltk`` and ``python`` are those that the tests run with.

    What one block exports, the next one has, as at a reader's.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = os.environ | environment
        programs = folder / ".programs"
        programs.mkdir()
        for name, module in (("cltk", "-m cltk "), ("python", "")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n')
            program.chmod(0o755)
        self._environment["PATH"] = f"{programs}:{os.environ['PATH']}"

    def type(self, text: str) -> str:
        """Runs commands, which must all succeed; returns what they print to standard output."""
        exported = self.folder / ".exported"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{text}\nenv -0 > '{exported}'"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_LONGEST,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        variables = exported.read_text().split("\0")
        self._environment = dict(variable.split("=", 1) for variable in variables if variable)
        return done.stdout
