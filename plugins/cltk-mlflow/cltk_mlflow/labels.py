"""How a study's runs are found again in MLflow."""

from __future__ import annotations

__all__ = ["RECORDS", "STUDY_FILE", "TAGS"]

RECORDS, STUDY_FILE = "records", "study.json"
"""Where a cell's run keeps the records of its seeds, and the parent the study."""

TAGS = {"study": "cltk.study", "cell": "cltk.cell"}
"""Tags: the study's name, and a cell's configuration hash."""
