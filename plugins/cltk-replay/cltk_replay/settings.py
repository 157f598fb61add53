"""What generative replay can be told of its replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, PositiveInt, SerializerFunctionWrapHandler, model_serializer

from cltk.interfaces import LabelledReplay

__all__ = ["GeneratedReplay"]

_LATER = ("scaled", "targets", "active", "generated_current", "rehearse_generator", "ahead")
"""Fields that configurations of before did not have."""


class GeneratedReplay(LabelledReplay):
    """How replayed samples join the task, how they are drawn, and how they are labelled."""

    labels: Literal["hard", "soft", "own"] = Field(
        "hard",
        description="the classifier's most likely class, its probabilities (distillation), or the generator's own",
    )
    images: Literal["mean", "drawn", "all-drawn"] = Field(
        "drawn",
        description="replay samples as the generator gives them, or with each pixel drawn as 0 or 1 with that "
        "probability; or draw those of current images, too, when the classifier learns them",
    )
    generated_current: float = Field(
        0.0,
        ge=0,
        le=100,
        description="generated samples of the current classes for each real one, so that replay is not the only "
        "generated part; the generator learns first then",
    )
    rehearse_generator: bool = Field(
        True, description="whether the generator learns from replay, too; one of a model a class needs none"
    )
    ahead: PositiveInt = Field(
        1, description="batches whose fresh samples are drawn at once, as random as one by one, in less time"
    )

    def without_effect(self) -> Mapping[str, str]:
        """Drawing ahead what is drawn once a task, too."""
        once = {} if self.refresh == "iteration" else {"ahead": "all samples of a task are drawn at once"}
        return {**super().without_effect(), **once}

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leaves later fields out where they have their defaults, so that a configuration keeps its hash."""
        defaults = {name: type(self).model_fields[name].default for name in _LATER}
        return {name: value for name, value in dump(self).items() if name not in defaults or value != defaults[name]}
