import pytest
import torch
from torch import Tensor

from cltk.interfaces import Examples, ScenarioInfo
from cltk.testing import conformance_tests
from cltk_simple_generators.gaussian_mixture import GaussianMixture

test_conformance = conformance_tests(GaussianMixture, config={"components": 3, "iterations": 5})

INFO = ScenarioInfo((1, 2, 2), outputs=3, sizes=(8, 4), classes=((0, 1), (2,)), setting="class")


def made(**settings: object) -> GaussianMixture:
    return GaussianMixture(GaussianMixture.Config.model_validate(settings), INFO)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def cluster(n: int, center: float, seed: int) -> Tensor:
    noise = torch.randn((n, 1, 2, 2), generator=torch.Generator().manual_seed(seed))
    return (center + 0.03 * noise).clamp(0, 1)


def labels(*counts: int) -> Tensor:
    return torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))


def test_recovers_two_separated_clusters() -> None:
    model = made(components=2)
    model.fit(Examples(torch.cat([cluster(300, 0.2, 1), cluster(100, 0.8, 2)]), labels(400)), rng())
    order = model.mean[0, :, 0].argsort()
    torch.testing.assert_close(model.mean[0, order], torch.tensor([[0.2] * 4, [0.8] * 4]), atol=0.02, rtol=0)
    torch.testing.assert_close(model.share[0, order], torch.tensor([0.75, 0.25]))
    torch.testing.assert_close(model.variance[0].sqrt(), torch.full((2, 4), 0.03), atol=0.01, rtol=0)


def test_samples_are_distributed_like_the_images() -> None:
    model = made(components=2)
    model.fit(Examples(torch.cat([cluster(300, 0.2, 1), cluster(100, 0.8, 2)]), labels(400)), rng())
    x = model.sample(4000, rng())
    assert float((x.mean((1, 2, 3)) > 0.5).float().mean()) == pytest.approx(0.25, abs=0.03)


def test_weights_count_like_repeated_images() -> None:
    x, y = torch.cat([cluster(20, 0.3, 1), cluster(20, 0.6, 2)]), labels(20, 20)
    times = torch.tensor([1, 3]).repeat(20)
    weighted, repeated = made(components=1), made(components=1)
    weighted.fit(Examples(x, y, weight=times / 2), rng())
    repeated.fit(Examples(x.repeat_interleave(times, 0), y.repeat_interleave(times)), rng())
    for name, tensor in repeated.state_dict().items():
        torch.testing.assert_close(weighted.state_dict()[name], tensor)


def test_images_without_weight_do_not_count() -> None:
    x = torch.cat([cluster(20, 0.3, 1), cluster(20, 0.9, 2)])
    model = made(components=2)
    model.fit(Examples(x, labels(20, 20), weight=torch.tensor([2.0, 0.0]).repeat_interleave(20)), rng())
    assert model.share[1].sum() == 0


def test_the_loss_is_the_density() -> None:
    model = made(components=2)
    model.fit(Examples(torch.cat([cluster(10, 0.3, 1), cluster(30, 0.6, 2)]), labels(10, 30)), rng())
    kept = [model.share[:2].flatten(), model.mean[:2].flatten(0, 1), model.variance[:2].flatten(0, 1).sqrt()]
    densities = torch.distributions.Independent(torch.distributions.Normal(kept[1], kept[2]), 1)
    mixture = torch.distributions.MixtureSameFamily(torch.distributions.Categorical(kept[0]), densities)
    x = cluster(5, 0.5, 3)
    torch.testing.assert_close(model.loss(x, labels(5), rng()), -mixture.log_prob(x.flatten(1)), rtol=1e-4, atol=1e-4)


def test_a_class_that_is_absent_stays_as_it_was() -> None:
    model = made(components=2)
    model.fit(Examples(torch.cat([cluster(10, 0.2, 1), cluster(10, 0.4, 2)]), labels(10, 10)), rng())
    before = {name: tensor[:2].clone() for name, tensor in model.state_dict().items()}
    model.fit(Examples(cluster(10, 0.9, 3), torch.full((10,), 2)), rng())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor[:2], before[name])
    assert float((model.sample(1000, rng()).mean((1, 2, 3)) > 0.7).float().mean()) == pytest.approx(0.5, abs=0.06)


def test_fewer_images_than_components() -> None:
    model = made(components=5, floor=0.1)
    x = cluster(2, 0.5, 1)
    model.fit(Examples(x, labels(2)), rng())
    assert model.share[0].sum() == pytest.approx(1)
    assert bool(model.loss(x, labels(2), rng()).isfinite().all())
    assert model.sample(0, rng()).shape == (0, 1, 2, 2)
