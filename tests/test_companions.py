"""A strategy may need a component of its own in a slot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cltk import registry
from cltk.api import load
from cltk.errors import ConfigError, PluginError
from cltk.interfaces import Phase, Shuffled, Strategy, Streams, Task, Training
from cltk.resolve import resolve
from cltk_conv.conv_net import ConvNet
from cltk_mlp.mlp import MLP


class Choosy(Strategy):
    """Works with a convolutional network alone.

    Source: none; a test.
    """

    needs = {"classifier": ConvNet}  # noqa: RUF012 - as the guide writes it

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        yield self.classifier_phase(Shuffled(task.train, 4), Training(epochs=1, min_steps=0))


class Lonely(Choosy):
    """Needs what nobody offers.

    Source: none; a test.
    """

    class Unknown(MLP):
        """Has no entry point."""

    needs = {"classifier": Unknown}  # noqa: RUF012


@pytest.fixture(autouse=True)
def _as_finetune(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    cls = getattr(request, "param", Choosy)
    original = registry.load
    monkeypatch.setattr("cltk.resolve.load", lambda plugin: cls if plugin.name == "finetune" else original(plugin))


def test_it_is_chosen_where_none_is_named() -> None:
    resolved = resolve(load(scenario="split-digits", strategy="finetune"))
    assert resolved.components["classifier"].cls is ConvNet


def test_its_settings_can_be_given_without_its_name() -> None:
    resolved = resolve(load(scenario="split-digits", strategy="finetune", classifier={"hidden": 7}))
    assert resolved.config["classifier"]["name"] == "conv-net"
    assert resolved.config["classifier"]["hidden"] == 7


def test_another_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs the classifier 'conv-net', but 'mlp' was given"):
        resolve(load(scenario="split-digits", strategy="finetune", classifier="mlp"))


@pytest.mark.parametrize("_as_finetune", [Lonely], indirect=True)
def test_one_that_nobody_offers_says_how_to_offer_it() -> None:
    with pytest.raises(PluginError, match="offered as a classifier by no installed distribution") as caught:
        resolve(load(scenario="split-digits", strategy="finetune"))
    assert "cltk.classifiers" in caught.value.advice
