import pytest
import torch
from torch import Tensor

from cltk.interfaces import Examples, ScenarioInfo
from cltk.testing import conformance_tests
from cltk_simple_generators.pca_gaussian import PCAGaussian

test_conformance = conformance_tests(PCAGaussian, config={"dimensions": 4})

INFO = ScenarioInfo((1, 2, 2), outputs=2, sizes=(8,), classes=((0, 1),), setting="class")
COVARIANCE = torch.tensor([[4.0, 2, 1, 0], [2, 3, 0, 1], [1, 0, 2, 0], [0, 1, 0, 1]]) / 1000


def made(**settings: object) -> PCAGaussian:
    return PCAGaussian(PCAGaussian.Config.model_validate(settings), INFO)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def images(n: int) -> Tensor:
    x = 0.5 + torch.randn((n, 4), generator=rng()) @ torch.linalg.cholesky(COVARIANCE).T
    return x.view(n, 1, 2, 2).clamp(0, 1)


def covariance_of(model: PCAGaussian) -> Tensor:
    return model.basis[0].T @ model.variance[0].diag() @ model.basis[0] + model.config.floor**2 * torch.eye(4)


def zeros(n: int) -> Tensor:
    return torch.zeros(n, dtype=torch.int64)


def test_all_dimensions_give_the_covariance() -> None:
    model, x = made(dimensions=4, floor=0.001), images(500)
    model.fit(Examples(x, zeros(500)), rng())
    torch.testing.assert_close(covariance_of(model), x.flatten(1).T.cov(correction=0), atol=1e-6, rtol=1e-3)


def test_one_dimension_is_the_direction_of_largest_variance() -> None:
    model = made(dimensions=1)
    model.fit(Examples(images(5000), zeros(5000)), rng())
    values, vectors = torch.linalg.eigh(COVARIANCE)
    assert abs(float(model.basis[0, 0] @ vectors[:, -1])) == pytest.approx(1, abs=0.01)
    assert float(model.variance[0, 0] + model.config.floor**2) == pytest.approx(float(values[-1]), rel=0.1)


def test_samples_have_the_covariance() -> None:
    model = made(dimensions=2)
    model.fit(Examples(images(500), zeros(500)), rng())
    found = model.sample(20000, rng()).flatten(1).T.cov()
    torch.testing.assert_close(found, covariance_of(model), atol=2e-4, rtol=0.05)


def test_the_loss_is_the_density() -> None:
    model, x = made(dimensions=2), images(500)
    model.fit(Examples(x, zeros(500)), rng())
    gaussian = torch.distributions.MultivariateNormal(model.mean[0], covariance_of(model))
    torch.testing.assert_close(
        model.loss(x[:9], zeros(9), rng()), -gaussian.log_prob(x[:9].flatten(1)), rtol=1e-3, atol=1e-3
    )


def test_weights_count_like_repeated_images() -> None:
    x, times = images(40), torch.tensor([1, 3]).repeat(20)
    weighted, repeated = made(), made()
    weighted.fit(Examples(x, zeros(40), weight=times / 2), rng())
    repeated.fit(Examples(x.repeat_interleave(times, 0), zeros(80)), rng())
    torch.testing.assert_close(covariance_of(weighted), covariance_of(repeated))
    torch.testing.assert_close(weighted.mean, repeated.mean)


def test_fewer_images_than_dimensions() -> None:
    model, x = made(dimensions=4), images(2)
    model.fit(Examples(x[:1], zeros(1)), rng())
    assert model.variance[0].tolist() == [0] * 4
    model.fit(Examples(x, zeros(2)), rng())
    assert bool(model.loss(x, zeros(2), rng()).isfinite().all())
    assert model.sample(0, rng()).shape == (0, 1, 2, 2)
    assert model.sample(3, rng()).shape == (3, 1, 2, 2)
