"""The variational autoencoder: its size, its samples, its objective, and its collapse."""

import pytest
import torch

import cltk
from cltk.api import Machine
from cltk.build import prepare
from cltk.config import check
from cltk.engine import train
from cltk.errors import ConfigError
from cltk.events import EpochEnded
from cltk.interfaces import ScenarioInfo
from cltk_vae.vae import VAE

MNIST = ScenarioInfo((1, 28, 28), 10, (12_000,) * 5, tuple((2 * task, 2 * task + 1) for task in range(5)), "class")
SMALL = ScenarioInfo((2, 4, 4), 4, (10,), ((0, 1),), "class")
LABELS = torch.zeros(6, dtype=torch.int64)


def make(info: ScenarioInfo = SMALL, **settings: object) -> VAE:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VAE(check(VAE.Config, settings, "generator 'vae'"), info)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def parameters(vae: VAE) -> int:
    return sum(parameter.numel() for parameter in vae.parameters())


def test_sizes_are_those_that_the_documentation_gives() -> None:
    assert parameters(make(MNIST)) == 326_824
    assert parameters(make(MNIST, hidden=[400, 400], latent_dim=100)) == 1_069_784


def test_the_size_of_devoto_2024() -> None:
    """Table 1: 1,068,820 parameters, with the MLP of 44,860 4.25 MiB."""
    vae = make(MNIST, hidden=[512, 256], latent_dim=2)
    assert parameters(vae) == 1_068_820
    assert (44_860 + parameters(vae)) * 4 / 2**20 == pytest.approx(4.25, abs=0.005)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_samples_are_images(n: int) -> None:
    images = make(hidden=[8], latent_dim=3).sample(n, rng())
    assert images.shape == (n, 2, 4, 4)
    assert images.dtype == torch.float32
    assert bool(((images >= 0) & (images <= 1)).all())


def test_samples_come_from_the_stream_alone() -> None:
    vae = make(hidden=[8], latent_dim=3)
    before = torch.get_rng_state()
    assert torch.equal(vae.sample(5, rng(1)), vae.sample(5, rng(1)))
    assert not torch.equal(vae.sample(5, rng(1)), vae.sample(5, rng(2)))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_loss_is_one_number_a_sample() -> None:
    vae, x = make(hidden=[8], latent_dim=3), torch.rand(6, 2, 4, 4, generator=rng())
    losses = vae.loss(x, LABELS, rng())
    assert losses.shape == (6,)
    assert bool((losses > 0).all())
    assert torch.equal(losses, vae.loss(x, LABELS, rng()))
    assert not torch.equal(losses, vae.loss(x, LABELS, rng(1)))


def test_beta_weighs_the_divergence() -> None:
    x = torch.rand(6, 2, 4, 4, generator=rng())
    plain, double, none = (make(hidden=[8], latent_dim=3, beta=beta).loss(x, LABELS, rng()) for beta in (1, 2, 0))
    torch.testing.assert_close(double - plain, plain - none)
    assert bool((plain > none).all())


def test_the_loss_bounds_the_likelihood() -> None:
    """Averaged over many posterior samples the bound lies above -log p(x), estimated by importance sampling."""
    vae, x = make(hidden=[8], latent_dim=2), torch.rand(1, 2, 4, 4, generator=rng())
    with torch.no_grad():
        bound = vae.loss(x.expand(20_000, -1, -1, -1), LABELS, rng()).mean()
        latent = torch.randn(20_000, 2, generator=rng())
        pixels = x.flatten()
        log_likelihoods = -torch.nn.functional.binary_cross_entropy_with_logits(
            vae.decoder(latent), pixels.expand(20_000, -1), reduction="none"
        ).sum(1)
        evidence = -(log_likelihoods.logsumexp(0) - torch.tensor(20_000.0).log())
    assert bound >= evidence - 0.02


def test_it_learns() -> None:
    vae = make(hidden=[16], latent_dim=3)
    x = torch.stack([torch.zeros(2, 4, 4), torch.ones(2, 4, 4)]).repeat(8, 1, 1, 1)
    optimizer = torch.optim.Adam(vae.parameters(), 1e-2)
    labels, stream = torch.zeros(16, dtype=torch.int64), rng()
    for _ in range(150):
        optimizer.zero_grad()
        loss = vae.loss(x, labels, stream).mean()
        loss.backward()
        optimizer.step()
    # Which of the two images it is takes one bit, 0.69 nats; without learning a pixel alone takes as much.
    assert loss < 4
    assert vae.active_units(x) > 0
    assert vae.problems(x) == ()


def test_a_collapsed_posterior_is_named() -> None:
    vae = make(hidden=[8], latent_dim=3)
    with torch.no_grad():
        list(vae.encoder.modules())[-1].weight.zero_()  # type: ignore[operator,union-attr]
    x = torch.rand(20, 2, 4, 4, generator=rng())
    assert vae.active_units(x) == 0
    assert vae.problems(x) == ("posterior collapse: none of the 3 latent units is active",)


def test_a_diverged_posterior_counts_as_collapsed() -> None:
    vae = make(hidden=[8], latent_dim=3)
    with torch.no_grad():
        for parameter in vae.parameters():
            parameter.fill_(float("nan"))
    assert vae.problems(torch.rand(20, 2, 4, 4, generator=rng()))


def test_the_decoder_mirrors_the_encoder() -> None:
    def sizes(network: torch.nn.Module) -> list[tuple[int, int]]:
        return [
            (layer.in_features, layer.out_features) for layer in network.modules() if isinstance(layer, torch.nn.Linear)
        ]

    vae = make(MNIST, hidden=[512, 256], latent_dim=2)
    assert sizes(vae.encoder) == [(784, 512), (512, 256), (256, 4)]
    assert sizes(vae.decoder) == [(2, 256), (256, 512), (512, 784)]


@pytest.mark.parametrize("bad", [{"hidden": [0]}, {"latent_dim": 0}, {"beta": -1}, {"latent": 3}])
def test_settings_that_make_no_model_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="generator 'vae'"):
        make(**bad)


class TestFittedPrior:
    def test_it_is_fitted_when_the_networks_are_trained(self) -> None:
        """Samples are more like the data than those from the standard normal are: their code is where the data's is."""
        experiment = cltk.load(
            scenario={"name": "split-digits", "tasks": 2},
            strategy={
                "name": "generative-replay",
                "classifier": {"epochs": 1, "min_steps": 0},
                "generator": {"steps": 100, "lr": 3e-3},
            },
            generator={"name": "vae", "hidden": [32], "latent_dim": 3, "mixture": 4},
        )
        run = prepare(experiment, Machine("cpu", threads=1)).assemble(0)
        phases = [event.phase for event in train(run) if isinstance(event, EpochEnded)]
        vae = run.strategy.parts.generator
        assert isinstance(vae, VAE)
        assert vae.prior is not None
        assert phases.count("prior") == 2
        x = run.tasks[1].train.x
        codes, drawn = vae.encode(x)[0], vae.prior.sample(5000, rng())
        torch.testing.assert_close(drawn.mean(0), codes.mean(0), atol=0.4, rtol=0.0)

    def test_without_one_nothing_is_kept_of_it(self) -> None:
        experiment = cltk.load(scenario="split-digits", generator="vae")
        run = prepare(experiment, Machine("cpu", threads=1)).assemble(0)
        assert not [name for name in run.strategy.parts.generator.state_dict() if "prior" in name]
