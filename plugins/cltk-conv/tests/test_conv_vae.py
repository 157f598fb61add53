import pytest
import torch

from cltk.interfaces import ScenarioInfo
from cltk.testing import conformance_tests
from cltk_conv.conv_vae import ConvVAE

test_conformance = conformance_tests(ConvVAE, config={"channels": [4, 8], "latent_dim": 5})


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 8), (2, 5, 9)])
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_fits_images_of_any_size(shape: tuple[int, int, int], layers: int) -> None:
    info = ScenarioInfo(shape, outputs=2, sizes=(4,), classes=((0, 1),), setting="class")
    model = ConvVAE(ConvVAE.Config(channels=(3,) * layers, latent_dim=2), info)
    rng = torch.Generator().manual_seed(0)
    assert model.sample(2, rng).shape == (2, *shape)
    assert model.loss(torch.rand(4, *shape, generator=rng), torch.zeros(4, dtype=torch.int64), rng).shape == (4,)


def test_three_halvings_of_28_pixels_meet_a_rounded_grid() -> None:
    info = ScenarioInfo((1, 28, 28), outputs=2, sizes=(4,), classes=((0, 1),), setting="class")
    model = ConvVAE(ConvVAE.Config(channels=(2, 2, 2)), info)
    assert model.decoder(torch.zeros(1, 50)).shape == (1, 1, 32, 32)
    assert model.encoder[:-2](torch.zeros(1, 1, 28, 28)).shape == (1, 2, 4, 4)
