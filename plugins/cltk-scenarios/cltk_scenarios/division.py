"""How classes become tasks: the settings that all split scenarios share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import torch
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from cltk.config import Settings
from cltk.interfaces import IncrementalSetting
from cltk.seeding import derive_seed
from cltk_scenarios.images import CLASSES
from cltk_scenarios.partition import groups

__all__ = ["Division", "TenClasses"]


def _is_order(value: Any) -> Any:
    if isinstance(value, str) and value != "seed":
        raise ValueError("give all classes in their order, or 'seed'")
    return value


Order = Annotated[tuple[int, ...] | Literal["seed"] | None, BeforeValidator(_is_order)]
Group = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
Groups = Annotated[tuple[Group, ...], Field(min_length=1)]


class Division(Settings):
    """How classes become tasks, and how much of the training data is used."""

    groups: Groups | None = Field(
        None,
        description="instead of equal tasks, the classes of each task, as positions in class_order: tasks may differ "
        "in size, and classes may come back",
    )
    tasks: int = Field(5, ge=1, description="number of tasks; the earlier ones get the extra classes")
    repeats: Literal["same", "new"] = Field(
        "same", description="what a class that comes back brings: the same training samples, or its share of them"
    )
    setting: IncrementalSetting = Field(
        "class", description="class-, task- or domain-incremental: what a test sample is told apart from"
    )
    class_order: Order = Field(
        None,
        description="all classes in the order in which they are learned, or 'seed' for another order with each seed; "
        "ascending by default",
    )
    validation: float = Field(
        0.0, ge=0, lt=1, description="share of each class's training samples that is held out, the same in every run"
    )
    per_class: int | None = Field(
        None, ge=1, description="train on at most so many samples of a class, for quick tries; all by default"
    )

    @model_validator(mode="before")
    @classmethod
    def _count_groups(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("groups"), list | tuple):
            return values
        count = len(values["groups"])
        if values.get("tasks", count) != count:
            raise ValueError(f"'groups' are {count} tasks and 'tasks' is {values['tasks']}; leave 'tasks' out")
        return {**values, "tasks": count}

    def check(self, classes: int) -> None:
        """Checks what depends on the number of classes.

        Raises:
            ValueError: There are more tasks than classes, or the order or a group does not hold what it must.
        """
        for name in ("groups", "tasks", "class_order"):
            if problem := _misfit(name, getattr(self, name), classes, self.groups is not None):
                raise ValueError(f"'{name}' {problem}")

    def classes_by_task(self, classes: int, seed: int) -> tuple[tuple[int, ...], ...]:
        """The classes of each task.

        Args:
            classes: Number of classes K.
            seed: Draws the order, where the seed is to.
        """
        order = self._drawn_order(classes, seed)
        if self.groups is None:
            return groups(order, self.tasks)
        return tuple(tuple(order[position] for position in group) for group in self.groups)

    def _drawn_order(self, classes: int, seed: int) -> list[int]:
        if self.class_order == "seed":
            rng = torch.Generator().manual_seed(derive_seed(seed, "class order"))
            return [int(label) for label in torch.randperm(classes, generator=rng)]
        return list(self.class_order or range(classes))


class TenClasses(Division):
    """How ten classes become tasks, and how much of the training images is used."""

    @field_validator("groups", "tasks", "class_order")
    @classmethod
    def _fits(cls, value: Any, info: ValidationInfo) -> Any:
        is_grouped = info.data.get("groups") is not None
        if problem := _misfit(str(info.field_name), value, CLASSES, is_grouped):
            raise ValueError(problem)
        return value


def _misfit(name: str, value: Any, classes: int, is_grouped: bool) -> str | None:
    """Why a field does not fit the number of classes; None where it does."""
    if name == "tasks" and value > classes and not is_grouped:
        return f"must be at most {classes}, one for each class"
    if name == "class_order" and isinstance(value, tuple) and sorted(value) != list(range(classes)):
        return f"must hold each class from 0 to {classes - 1} once"
    for group in value or () if name == "groups" else ():
        if max(group) >= classes or len(set(group)) < len(group):
            return f"must have classes from 0 to {classes - 1} in each task, each once, which {list(group)} has not"
    return None
