"""Wrong configurations and search spaces, and what every kind of component must not do."""

import contextlib
import random
import socket
import urllib.request
from typing import Annotated

import numpy as np
import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cltk.config import Settings
from cltk.interfaces import FloatRange, IntRange, OneOf
from cltk.testing.standins import Half


class Nested(Settings):
    share: float = Field(0.5, ge=0, le=1, description="a share")


class Fine(Settings):
    samples: int = Field(3, ge=0, le=10, description="a number")
    counts: tuple[int, ...] = Field((), description="some numbers")
    kind: str = Field("a", pattern="[ab]", description="a letter")
    nested: Nested = Field(Nested(), description="more")
    limit: int | None = Field(None, description="a limit")


class Changeable(Settings):
    model_config = ConfigDict(frozen=False)
    samples: int = Field(3, description="a number")


class WithList(Settings):
    counts: list[int] = Field([1], description="numbers")


class Foreign(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lenient(Settings):
    model_config = ConfigDict(extra="ignore")


class Bare(Settings):
    samples: int = 3


class BareBelow(Settings):
    class Below(Settings):
        samples: int = 3

    below: Below = Field(Below(), description="more")


class Unstable(Settings):
    samples: Annotated[int, BeforeValidator(lambda value: value + 1)] = Field(3, description="a number")


class Required(Settings):
    samples: int = Field(description="a number")


def _space(**dimensions):
    named = {name.replace("__", "."): dimension for name, dimension in dimensions.items()}
    return classmethod(lambda cls, info: named)


def _forgetful(self, config, info):
    self.info = info


def _with_numpy(self, config, info):
    self.config, self.noise = config, np.random.rand()


def _with_random(self, config, info):
    self.config = config
    random.shuffle([1, 2, 3])


def _telemetry(self, completed, current):
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://127.0.0.1:9/used", timeout=1)
    return current


def _lookup(self, completed, current):
    return len(socket.getaddrinfo("example.org", 80))


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("settings-are-frozen", {"Config": Changeable}),
        ("settings-are-frozen", {"Config": WithList}),
        ("settings-refuse-unknown-fields", {"Config": Lenient}),
        ("settings-survive-toml-and-json", {"Config": Unstable}),
        ("settings-are-described", {"Config": Bare}),
        ("settings-are-described", {"Config": BareBelow}),
        ("docstring-names-its-source", {"__doc__": "Says nothing."}),
        ("docstring-names-its-source", {"__doc__": None}),
        ("builds", {"__init__": _forgetful}),
        ("search-space-is-valid", {"search_space": _space(number=IntRange(0, 1))}),
        ("search-space-is-valid", {"search_space": _space(samples=IntRange(2, 1))}),
        ("search-space-is-valid", {"search_space": _space(samples=IntRange(0, 11))}),
        ("search-space-is-valid", {"search_space": _space(samples=IntRange(0, 10, log=True))}),
        ("search-space-is-valid", {"search_space": _space(samples=(0, 10))}),
        ("search-space-is-valid", {"search_space": _space(kind=OneOf(("a", "c")))}),
        ("search-space-is-valid", {"search_space": _space(kind=OneOf(()))}),
        ("search-space-is-valid", {"search_space": _space(nested__share=FloatRange(0, 2))}),
        ("search-space-is-valid", {"search_space": _space(nested__part=FloatRange(0, 1))}),
        ("search-space-is-valid", {"search_space": _space(nested__share=FloatRange(0, float("inf")))}),
        ("leaves-global-randomness-alone", {"__init__": _with_numpy}),
        ("leaves-global-randomness-alone", {"__init__": _with_random}),
        ("uses-no-network", {"count": _telemetry}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Half, **{"Config": Fine} | attributes) == {check}


def test_a_config_of_another_family_is_found(failing):
    assert "settings-are-frozen" in failing(Half, Config=Foreign)


def test_a_component_that_needs_a_network_is_found(failing):
    assert "uses-no-network" in failing(Half, Config=Fine, count=_lookup)


def test_settings_without_a_default_are_to_be_given(failing):
    assert "builds" in failing(Half, Config=Required)
    assert not failing(Half, {"samples": 3}, Config=Required)


def test_good_search_spaces_pass(failing):
    space = _space(
        samples=IntRange(1, 10, log=True),
        counts__2=IntRange(0, 5),
        kind=OneOf(("a", "b")),
        nested__share=FloatRange(0, 1),
        limit=IntRange(1, 2),
    )
    assert not failing(Half, Config=Fine, search_space=space)
    assert not failing(Half, {"counts": [1, 2, 3], "limit": 4}, Config=Fine, search_space=space)
