"""The multi-layer perceptron: its size, its layers, its randomness."""

import pytest
import torch
from torch import nn

from cltk.config import check
from cltk.errors import ConfigError
from cltk.interfaces import ScenarioInfo
from cltk_mlp.mlp import MLP

MNIST = ScenarioInfo((1, 28, 28), 10, (12_000,) * 5, tuple((2 * task, 2 * task + 1) for task in range(5)), "class")


def make(info: ScenarioInfo = MNIST, **settings: object) -> MLP:
    return MLP(check(MLP.Config, settings, "classifier 'mlp'"), info)


@pytest.mark.parametrize(
    ("hidden", "parameters"),
    [((50, 50), 42_310), ((50, 50, 50), 44_860), ((400, 400), 478_410), ((), 7_850), (50, 39_760)],
)
def test_parameters(hidden: object, parameters: int) -> None:
    assert sum(parameter.numel() for parameter in make(hidden=hidden).parameters()) == parameters


def test_the_defaults_are_those_of_genovese_2024() -> None:
    assert MLP.Config().model_dump() == {"hidden": (50, 50), "dropout": 0.1}


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 8)])
def test_it_gives_a_logit_for_each_output(shape: tuple[int, int, int]) -> None:
    info = ScenarioInfo(shape, 7, (10,), ((0, 1),), "class")
    assert make(info)(torch.rand(4, *shape)).shape == (4, 7)


def test_it_is_what_its_layers_say() -> None:
    classifier = make(hidden=[6, 5]).eval()
    x = torch.rand(3, 1, 28, 28)
    linear = [layer for layer in classifier.modules() if isinstance(layer, nn.Linear)]
    h = x.flatten(1)
    for layer in linear[:-1]:
        h = layer(h).relu()
    torch.testing.assert_close(classifier(x), linear[-1](h))


def test_dropout_follows_each_hidden_layer_and_acts_in_training_alone() -> None:
    classifier = make(hidden=[20, 20, 20], dropout=0.5)
    assert [layer.p for layer in classifier.modules() if isinstance(layer, nn.Dropout)] == [0.5] * 3
    x = torch.rand(3, 1, 28, 28)
    assert not torch.equal(classifier(x), classifier(x))
    classifier.eval()
    assert torch.equal(classifier(x), classifier(x))


@pytest.mark.parametrize("bad", [{"hidden": [0]}, {"hidden": [-5, 3]}, {"dropout": 1}, {"dropout": -0.1}, {"width": 3}])
def test_settings_that_make_no_network_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="classifier 'mlp'"):
        make(**bad)
