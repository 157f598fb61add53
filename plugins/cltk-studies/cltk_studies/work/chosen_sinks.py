"""The sinks of a study, by name or made already."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cltk.config import Overrides, sound_part
from cltk.errors import Faults
from cltk.experiment import Experiment
from cltk.interfaces import Sink
from cltk.runs.sinks import Sinks, make_sinks

__all__ = ["ChosenSinks"]


@dataclass(frozen=True, slots=True)
class ChosenSinks:
    """Sinks that are made for each study anew.

    Attributes:
        names: Their names, ``("none",)`` for none of them; None for those that are offered as defaults.
        settings: What sinks are set to, by name.
        others: Sinks that are made already.
    """

    names: Sequence[str] | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    others: Sequence[Sink] = ()

    @classmethod
    def read(cls, overrides: Overrides) -> ChosenSinks:
        """The sinks that an experiment names; what is wrong with the fields is said where the experiment is checked."""
        own: Overrides = {name: overrides[name] for name in ("sinks", "sink") if name in overrides}
        experiment = Experiment.model_validate(sound_part(Experiment, own, "the sinks", Faults()))
        return cls(experiment.sinks, experiment.sink)

    def make(self, store: Path) -> Sinks:
        """Makes them.

        Raises:
            ConfigError: A sink is unknown, or cannot be set so.
            PluginError: A sink that was named cannot be imported.
        """
        return make_sinks(self.names, self.settings, store, self.others)

    @property
    def urls(self) -> list[str]:
        """Where they are told to write to."""
        values = [value for settings in self.settings.values() for value in settings.values()]
        return [value for value in (*values, os.environ.get("MLFLOW_TRACKING_URI")) if value and "://" in str(value)]

    @property
    def tracking_uri(self) -> str | None:
        """Where records of other machines may be, too."""
        uris = [settings["tracking_uri"] for settings in self.settings.values() if settings.get("tracking_uri")]
        return next(iter(uris), None)
