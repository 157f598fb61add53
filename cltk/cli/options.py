"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["RUNS", "DataDir", "Json", "Store", "TrackingUri"]

RUNS = Path("runs")
"""Where records go by default."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
DataDir = Annotated[Path | None, typer.Option(help="Where to look for data first.", envvar="CLTK_DATA_DIR")]
Store = Annotated[Path, typer.Option(help="Folder of records and of the MLflow store.", envvar="CLTK_STORE")]
TrackingUri = Annotated[
    str | None, typer.Option(help="MLflow server; by default, a store in --store.", envvar="MLFLOW_TRACKING_URI")
]
