"""Options that several commands have, one by one and in groups, for the commands of plugins too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.complete import plugin_names, words
from cltk.cli.complete_runs import conditions
from cltk.registry import installed

if TYPE_CHECKING:
    from cltk.machine import Machine

__all__ = [
    "RUNS",
    "DataDir",
    "Device",
    "Json",
    "MachineOptions",
    "Name",
    "OutputOptions",
    "Precision",
    "Quiet",
    "Seeds",
    "SinkOptions",
    "Store",
    "Threads",
    "TrackingUri",
    "Where",
]

RUNS = Path("runs")
"""Where records go by default."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]
DataDir = Annotated[Path | None, typer.Option(help="Where to look for data first.", envvar="CLTK_DATA_DIR")]
Store = Annotated[Path, typer.Option(help="Folder of records and of the MLflow store.", envvar="CLTK_STORE")]


def _of_use(ctx: typer.Context, param: typer.CallbackParam, value: str | None) -> str | None:
    """Leaves out what a variable says where nothing here is for MLflow: it is set for other programs, too."""
    source = ctx.get_parameter_source(str(param.name))
    is_variable = source is not None and source.name == "ENVIRONMENT"
    return None if is_variable and not any(plugin.name == "mlflow" for plugin in installed("sink")) else value


TrackingUri = Annotated[
    str | None,
    typer.Option(
        help="The same as --sink.mlflow.tracking-uri: an MLflow server.",
        envvar="MLFLOW_TRACKING_URI",
        callback=_of_use,
    ),
]
SinkNames = Annotated[
    list[str] | None,
    typer.Option(
        "--sink",
        help="Who is told of runs, by name; repeat it for more, none for nobody. By default, what the installed "
        "packages offer as such. Its fields: --sink.<name>.<field> <value>.",
        envvar="CLTK_SINK",
        autocompletion=plugin_names("sink"),
    ),
]
Name = Annotated[str | None, typer.Option(help="What results are filed under.", envvar="CLTK_NAME")]
Seeds = Annotated[str | None, typer.Option(help="Such as 0, 0..4 or 1,5.", envvar="CLTK_SEEDS")]
Device = Annotated[
    str,
    typer.Option(help="auto, cpu, cuda or cuda:1.", envvar="CLTK_DEVICE", autocompletion=words("auto", "cpu", "cuda")),
]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Threads; by default, what suits the networks.", envvar="CLTK_THREADS")
]
Precision = Annotated[
    str,
    typer.Option(
        help="fp32, bf16, or auto for the faster one here.",
        envvar="CLTK_PRECISION",
        autocompletion=words("auto", "bf16", "fp32"),
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        help="Only runs with this value: name=x, status=failed, generator.latent_dim=20; repeat it.",
        autocompletion=conditions,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


@dataclass(frozen=True)
class MachineOptions:
    """Where and how to compute."""

    device: Device = "auto"
    threads: Threads = None
    precision: Precision = "fp32"
    data_dir: DataDir = None

    @property
    def machine(self) -> Machine:
        """What the options describe.

        Raises:
            ConfigError: There is no such precision.
        """
        from cltk.machine import Machine

        precision: Any = self.precision
        return Machine(self.device, self.threads, precision, self.data_dir)


@dataclass(frozen=True)
class SinkOptions:
    """Who is told of runs."""

    sink: SinkNames = None
    tracking_uri: TrackingUri = None

    @property
    def overrides(self) -> dict[str, Any]:
        """The fields of an experiment that these options set."""
        settings = {"mlflow": {"tracking_uri": self.tracking_uri}} if self.tracking_uri else {}
        return _given(sinks=_separated(self.sink), sink=settings or None)


@dataclass(frozen=True)
class OutputOptions:
    """What is printed."""

    json: Json = False
    quiet: Quiet = False

    @property
    def silent(self) -> bool:
        """Whether no progress is shown."""
        return self.json or self.quiet


def _separated(names: Sequence[str] | None) -> list[str] | None:
    """The names one by one, of which several may have been given at once: ``a,b``."""
    return [name.strip() for several in names for name in several.split(",")] if names else None


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
