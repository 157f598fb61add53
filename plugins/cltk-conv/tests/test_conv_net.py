import pytest
import torch

from cltk.config import check
from cltk.errors import ConfigError
from cltk.interfaces import ScenarioInfo
from cltk.testing import conformance_tests
from cltk_conv.conv_net import ConvNet

test_conformance = conformance_tests(ConvNet, config={"channels": [4, 8], "hidden": 16})


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 8), (2, 5, 9)])
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_fits_images_of_any_size(shape: tuple[int, int, int], layers: int) -> None:
    info = ScenarioInfo(shape, outputs=7, sizes=(4,), classes=((0, 1),), setting="class")
    network = ConvNet(ConvNet.Config(channels=(3,) * layers), info)
    assert network(torch.zeros(2, *shape)).shape == (2, 7)


def test_needs_a_layer() -> None:
    with pytest.raises(ConfigError, match="channels"):
        check(ConvNet.Config, {"channels": []}, "classifier 'conv-net'")
