"""Wrong classifiers."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cltk.errors import ConfigError
from cltk.interfaces import Classifier
from cltk.testing import NotRunError, checks_of, conformance_tests
from cltk.testing.standins import Perceptron


class Plain(Perceptron):
    """One whose features are its own affair.

    Source: none; a test.
    """

    has_features = False


def _init(change):
    def init(self, config, info):
        Perceptron.__init__(self, config, info)
        change(self, info)

    return init


def _six_classes(self, info):
    self.head = nn.Linear(64, 6)


def _dead_layer(self, info):
    self.unused = nn.Linear(2, 2)


def _normalised(self, info):
    self.norm = nn.BatchNorm1d(64)


def _counting(self, info):
    self.calls = 0


def _masked(self, info):
    self.mask = torch.ones(info.pixels)


def _shape_of_a_batch(self, x):
    return Perceptron.forward(self, x.view(len(x), -1))


def _noisy(self, x):
    return F.dropout(Perceptron.forward(self, x))


def _centred(self, x):
    return Perceptron.forward(self, x - x.mean(0, keepdim=True) if len(x) else x)


def _batch_normalised(self, x):
    return self.head(self.norm(self.hidden(x.flatten(1))).relu())


def _forgetful(self, x):
    self.calls += self.training
    return Perceptron.forward(self, x) + self.calls


def _masking(self, x):
    return Perceptron.forward(self, x.flatten(1) * self.mask)


def _cut_off(self, x):
    return self.head(self.hidden(x.flatten(1)).relu().detach())


def _in_place(self, x):
    return Perceptron.forward(self, x.clamp_(0.1, 0.9))


def _small_only(self, x):
    assert x.shape[1:] == (1, 8, 8)
    return Perceptron.forward(self, x)


def _composed(self, x):
    return self.head(Perceptron.features(self, x))


def _own_gradient(self, x):
    value = self.hidden.weight.sum()
    return Perceptron.forward(self, x) + 0 * torch.autograd.grad(value, self.hidden.weight)[0].sum()


def _no_bfloat16(self, x):
    logits = Perceptron.forward(self, x)
    return logits.double().float() if logits.dtype == torch.float32 else logits / 0


def _looking(self, x):
    return Perceptron.forward(self, x) * (2.0 if x.sum() > 0 else 1.0)


def _picking(self, x):
    dark = x.flatten(1).mean(1) < 0
    logits = Perceptron.forward(self, x)
    logits[dark] = 0
    return logits


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("logits-for-any-number", {"__init__": _init(_six_classes)}),
        ("logits-for-any-number", {"forward": _shape_of_a_batch}),
        ("trains-on-one-sample", {"__init__": _init(_normalised), "forward": _batch_normalised}),
        ("evaluation-is-per-sample", {"forward": _centred}),
        ("gradient-reaches-every-parameter", {"__init__": _init(_dead_layer)}),
        ("gradient-reaches-every-parameter", {"forward": _cut_off}),
        ("state-dict-is-complete", {"__init__": _init(_counting), "forward": _forgetful}),
        ("copies-are-independent", {"__deepcopy__": lambda self, memo: copy.copy(self)}),
        ("moves-between-devices", {"__init__": _init(_masked), "forward": lambda self, x: Perceptron.forward(self, x)}),
        ("leaves-its-input-alone", {"forward": _in_place}),
        ("takes-any-image-shape", {"forward": _small_only}),
        ("works-in-bfloat16", {"forward": _no_bfloat16}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Plain, **attributes) == {check}


@pytest.mark.parametrize(
    "attributes",
    [
        {"forward": lambda self, x: Perceptron.forward(self, x) + 1},
        {"features": lambda self, x: Perceptron.features(self, x)[:, None], "forward": _composed},
    ],
)
def test_features_that_do_not_lead_to_the_logits_are_found(failing, attributes):
    assert failing(Perceptron, **attributes) == {"features-and-head-make-logits"}


def test_noise_in_evaluation_is_found(failing):
    found = failing(Plain, forward=_noisy)
    assert {"evaluation-is-deterministic", "leaves-global-randomness-alone"} <= found


def test_a_need_of_gradients_in_evaluation_is_found(failing):
    assert "works-without-gradients" in failing(Plain, forward=_own_gradient)


@pytest.mark.parametrize("forward", [_looking, _picking])
def test_whoever_waits_for_the_device_is_no_defect(failing, forward):
    assert not failing(Plain, forward=forward)


def test_dropout_in_training_is_no_defect(failing):
    def forward(self, x):
        return F.dropout(Perceptron.forward(self, x), 0.1, self.training)

    assert not failing(Plain, forward=forward)


class Prototypes(Classifier):
    """The nearest of the mean images that its strategy puts here.

    Source: none; a test.
    """

    def __init__(self, config, info):
        super().__init__()
        self.config = config
        self.register_buffer("means", torch.rand(info.outputs, info.pixels))

    def forward(self, x):
        return -torch.cdist(x.flatten(1), self.means)


def test_a_network_without_a_gradient_is_left_to_its_strategy(failing):
    assert not failing(Prototypes)
    checks = dict(checks_of(Prototypes))
    for name in ("gradient-reaches-every-parameter", "training-lowers-the-loss"):
        with pytest.raises(NotRunError, match="no parameter asks for a gradient"):
            checks[name]()


@pytest.mark.parametrize("taken", ["class", "task", "domain"])
def test_a_classifier_may_refuse_settings(failing, taken):
    def choosy(self, config, info):
        if info.setting != taken:
            raise ConfigError(f"Only {taken}-incremental.")
        Perceptron.__init__(self, config, info)

    assert not failing(Plain, __init__=choosy)


def test_a_classifier_that_refuses_every_setting_is_found(failing):
    def choosy(self, config, info):
        raise ConfigError("Not this one.")

    assert failing(Plain, __init__=choosy) == {"builds"}


class Growing(Classifier):
    """A head of its own for every task.

    Source: none; a test.
    """

    def __init__(self, config, info):
        super().__init__(config, info)
        self.pixels, self.outputs = info.pixels, info.outputs
        self.heads = nn.ModuleList()
        self.classes = []

    def begin_task(self, classes):
        self.classes.append(tuple(classes))
        self.heads.append(nn.Linear(self.pixels, len(classes)))

    def forward(self, x):
        logits = x.new_full((len(x), self.outputs), -10.0)
        for classes, head in zip(self.classes, self.heads, strict=True):
            index = torch.tensor(classes, device=x.device).expand(len(x), -1)
            logits = logits.scatter(1, index, head(x.flatten(1)).to(logits.dtype))
        return logits


test_growing = conformance_tests(Growing)


def test_a_network_that_gives_nothing_before_it_grows_is_found(failing):
    def forward(self, x):
        return torch.cat([head(x.flatten(1)) for head in self.heads], 1)

    assert "logits-for-any-number" in failing(Growing, forward=forward)
