"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "RUNS",
    "DataDir",
    "Device",
    "Json",
    "Precision",
    "Quiet",
    "Seeds",
    "Store",
    "Threads",
    "TrackingUri",
]

RUNS = Path("runs")
"""Where records go by default."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
DataDir = Annotated[Path | None, typer.Option(help="Where to look for data first.", envvar="CLTK_DATA_DIR")]
Store = Annotated[Path, typer.Option(help="Folder of records and of the MLflow store.", envvar="CLTK_STORE")]
TrackingUri = Annotated[
    str | None, typer.Option(help="MLflow server; by default, a store in --store.", envvar="MLFLOW_TRACKING_URI")
]
Seeds = Annotated[str | None, typer.Option(help="Such as 0, 0..4 or 1,5.", envvar="CLTK_SEEDS")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.", envvar="CLTK_DEVICE")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads; by default, what suits the networks.", envvar="CLTK_THREADS")
]
Precision = Annotated[str, typer.Option(help="fp32, bf16, or auto for the faster one here.", envvar="CLTK_PRECISION")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
