"""Wrong generators."""

import contextlib
import copy
import urllib.request

import numpy as np
import pytest
import torch
from torch import nn

from cltk.interfaces import Fit, Generator
from cltk.testing import ConformanceError, checks_of, conformance_tests
from cltk.testing.standins import Mixture


class Gaussian(Generator):
    """Independent normal pixels, fitted in closed form.

    Source: none; a test.
    """

    def __init__(self, config, info):
        super().__init__()
        self.config, self.shape = config, info.shape
        self.register_buffer("mean", torch.zeros(info.pixels))
        self.register_buffer("std", torch.ones(info.pixels))

    def phase(self, batches, training):
        return Fit("generator", self, batches, self.fit)

    def fit(self, examples, rng):
        pixels = examples.x.flatten(1)
        self.mean, self.std = pixels.mean(0), pixels.std(0, correction=0) + 0.01

    def loss(self, x, y, rng):
        return -torch.distributions.Normal(self.mean, self.std).log_prob(x.flatten(1)).sum(1)

    def sample(self, n, rng):
        noise = torch.randn((n, len(self.mean)), generator=rng, device=rng.device)
        return (self.mean + self.std * noise).clamp(0, 1).view(n, *self.shape)


test_one_that_is_fitted = conformance_tests(Gaussian)


def _init(change):
    def init(self, config, info):
        Mixture.__init__(self, config, info)
        change(self, info)

    return init


def _sample(change):
    return lambda self, n, rng: change(self, Mixture.sample(self, n, rng), rng)


def _loss(change):
    return lambda self, x, y, rng: change(self, Mixture.loss(self, x, y, rng), y)


def _dead(self, info):
    self.unused = nn.Parameter(torch.ones(3))


def _plain(self, info):
    self.scale = torch.ones(info.pixels)


def _calls(self, info):
    self.register_buffer("calls", torch.zeros(()))


def _bright(self, info):
    self.brightness = 1.0


def _none_is_too_few(self, x, rng):
    return x / len(x) * len(x)


def _draws_from_numpy(self, x, rng):
    np.random.rand()
    return x


def _draws_from_torch(self, n, rng):
    return torch.rand(n, *self.shape)


def _counts(self, x, rng):
    self.calls += 1
    return x


def _darkens(self, loss, y):
    self.brightness *= 0.9 if self.training else 1.0
    return loss


def _phones_home(self, x, rng):
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://127.0.0.1:9/weights", timeout=1)
    return x


def _langevin(self, x, rng):
    energy = (self.logits**2).sum()
    return x + 0 * torch.autograd.grad(energy, self.logits)[0].sum()


def _clamping(self, x, y, rng):
    return Mixture.loss(self, x.clamp_(0.1, 0.9), y, rng)


def _grey_only(self, x, y, rng):
    assert x.shape[1] == 1
    return Mixture.loss(self, x, y, rng)


def _in_half(self, x, y, rng):
    products = torch.eye(2) @ torch.eye(2)
    return Mixture.loss(self, x, y, rng) / (products.dtype == torch.float32)


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("loss-is-one-number-a-sample", {"loss": _loss(lambda self, loss, y: loss.mean())}),
        ("samples-of-any-number", {"sample": _sample(lambda self, x, rng: x.flatten(1))}),
        ("samples-of-any-number", {"sample": _sample(lambda self, x, rng: x.double())}),
        ("samples-of-any-number", {"sample": lambda self, n, rng: Mixture.sample(self, max(n, 1), rng)}),
        ("samples-lie-in-range", {"sample": _sample(lambda self, x, rng: x.logit())}),
        ("samples-lie-in-range", {"sample": _sample(lambda self, x, rng: 255 * x)}),
        ("sampling-follows-its-stream", {"sample": lambda self, n, rng: Mixture.sample(self, n, rng.manual_seed(0))}),
        ("sampling-changes-nothing", {"__init__": _init(_calls), "sample": _sample(_counts)}),
        ("labels-are-as-declared", {"loss": _loss(lambda self, loss, y: loss + 0.1 * y)}),
        ("labels-are-as-declared", {"labels": "soft"}),
        ("problems-are-sentences", {"problems": lambda self, x: "collapsed"}),
        ("gradient-reaches-every-parameter", {"__init__": _init(_dead)}),
        ("training-lowers-the-loss", {"loss": _loss(lambda self, loss, y: 2 * loss.detach() - loss)}),
        ("works-in-bfloat16", {"loss": _in_half}),
        ("works-without-gradients", {"sample": _sample(_langevin)}),
        (
            "state-dict-is-complete",
            {
                "__init__": _init(_bright),
                "loss": _loss(_darkens),
                "sample": _sample(lambda self, x, rng: x * self.brightness),
            },
        ),
        ("copies-are-independent", {"__deepcopy__": lambda self, memo: copy.copy(self)}),
        ("moves-between-devices", {"__init__": _init(_plain)}),
        ("takes-any-image-shape", {"loss": _grey_only}),
        ("leaves-its-input-alone", {"loss": _clamping}),
        ("leaves-global-randomness-alone", {"sample": _sample(_draws_from_numpy)}),
        ("uses-no-network", {"sample": _sample(_phones_home)}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Mixture, **attributes) == {check}


def test_samples_from_the_global_generator_are_found(failing):
    found = failing(Mixture, sample=_draws_from_torch)
    assert {"leaves-global-randomness-alone", "sampling-follows-its-stream", "same-stream-same-result"} <= found


def test_division_by_no_samples_is_found(failing):
    def sample(self, n, rng):
        return Mixture.sample(self, n, rng) * (n // n)

    assert failing(Mixture, sample=sample) == {"samples-of-any-number"}


def test_a_loss_that_does_not_descend_may_be_expected():
    wrong = type("Wrong", (Mixture,), {"__doc__": "Source: none", "labels": "soft"})
    (mark,) = conformance_tests(wrong, expected_failures={"labels-are-as-declared": "a test"}).pytestmark
    assert [case.id for case in mark.args[1] if case.marks] == ["labels-are-as-declared"]


def test_what_is_fitted_but_not_saved_is_found(failing):
    def fit(self, examples, rng):
        self.center = examples.x.flatten(1).mean(0).tolist()

    def sample(self, n, rng):
        return Gaussian.sample(self, n, rng) * torch.tensor(getattr(self, "center", 1.0)).view(-1, *self.shape)

    def start(self, config, info):
        Gaussian.__init__(self, config, info)
        self.center = [1.0] * info.pixels

    assert failing(Gaussian, __init__=start, fit=fit, sample=sample) == {"state-dict-is-complete"}


def test_dropout_in_training_is_no_defect(failing):
    def start(self, config, info):
        Mixture.__init__(self, config, info)
        self.dropout = nn.Dropout(0.1)

    def loss(self, x, y, rng):
        return Mixture.loss(self, self.dropout(x), y, rng)

    assert not failing(Mixture, __init__=start, loss=loss)


def test_a_generator_with_nothing_to_descend_on_is_told_of_fit():
    class Frozen(Gaussian):
        """Source: none."""

        phase = Generator.phase

    checks = dict(checks_of(Frozen))
    with pytest.raises(ConformanceError, match="no parameter asks for a gradient") as caught:
        checks["gradient-reaches-every-parameter"]()
    assert "Fit" in caught.value.advice


@pytest.mark.parametrize(
    "score",
    [
        lambda self, x, y: Mixture.loss(self, x, y, None).mean(),
        lambda self, x, y: Mixture.loss(self, x, y, None) + torch.rand(len(x), generator=_unseeded()),
        lambda self, x, y: Mixture.loss(self, x, y, None) - Mixture.loss(self, x, y, None).mean(),
        lambda self, x, y: Mixture.loss(self.eval(), x, y, None),
    ],
)
def test_a_score_that_is_none_is_found(failing, score):
    assert "scores-are-deterministic" in failing(Mixture, score=torch.no_grad()(score))


def test_a_score_of_its_own_is_no_defect(failing):
    assert not failing(Mixture, score=torch.no_grad()(lambda self, x, y: Mixture.loss(self, x, y, None)))


def _unseeded():
    rng = torch.Generator()
    rng.seed()
    return rng
