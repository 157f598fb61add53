"""What stands above the tables of a report: what the study is, how far it came, and what it was made with."""

from __future__ import annotations

from collections.abc import Iterator

from cltk.record import Record
from cltk_studies.answers.results import StudyResult

__all__ = ["introduction"]


def introduction(result: StudyResult) -> list[str]:
    """Its paragraphs."""
    return [text for text in _paragraphs(result) if text]


def _paragraphs(result: StudyResult) -> Iterator[str]:
    seeds = ", ".join(map(str, result.study.seeds))
    yield result.study.description
    yield f"{result.finished} of {result.total} runs finished, {len(result.study.cells)} cells, seeds {seeds}."
    records = [record for cell in result.cells for record in cell.finished]
    if records:
        versions = sorted({version for record in records for version in record.plugins.values()})
        machines = sorted({_machine(record) for record in records})
        yield f"Made with {', '.join(versions)}; {'; '.join(machines)}."


def _machine(record: Record) -> str:
    torch = record.environment.get("torch")
    threads = f"{record.threads} thread{'s' if record.threads != 1 else ''}"
    return f"{record.device} {record.precision}, {threads}, torch {torch}"
