"""The engine's optimizers against PyTorch's."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cltk.engine.fast.flops import FlopCounter
from cltk.engine.fast.optimizers import fused_optimizer
from cltk.interfaces import Training

THEIRS = {
    "adam": lambda parameters, decay: torch.optim.Adam(parameters, 1e-2, weight_decay=decay, fused=True),
    "sgd": lambda parameters, decay: torch.optim.SGD(parameters, 1e-2, momentum=0.9, weight_decay=decay, fused=True),
}
KINDS = pytest.mark.parametrize("kind", THEIRS)


class Net(nn.Module):
    """Two layers, of which the second has nothing to do in every other step."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(5, 4), nn.Linear(4, 4)
        self.frozen = nn.Parameter(torch.ones(3), requires_grad=False)

    def loss(self, step):
        x = self.first(torch.full((2, 5), 0.1 * (step + 1)))
        return (x if step % 2 else self.second(x)).square().sum()


def _walk(net, zero_grad, step, steps=range(6)):
    for number in steps:
        zero_grad()
        net.loss(number).backward()
        step()


@KINDS
@pytest.mark.parametrize("decay", [0.0, 1e-3])
def test_steps_equal_those_of_pytorch(kind, decay):
    net = Net()
    other = copy.deepcopy(net)
    ours = fused_optimizer(net.parameters(), Training(optimizer=kind, weight_decay=decay))
    theirs = THEIRS[kind](other.parameters(), decay)
    _walk(net, ours.zero_grad, lambda: ours.step(1e-2))
    _walk(other, theirs.zero_grad, theirs.step)
    for name, parameter in net.state_dict().items():
        expected = other.state_dict()[name]
        assert torch.equal(parameter, expected), name


@KINDS
def test_the_penalty_spares_what_takes_no_part_in_the_loss(kind):
    """A head that no sample belongs to, and the weights of a pixel that is black throughout."""
    net = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 6))
    x, y = torch.rand(8, 5), torch.arange(8) % 2
    x[:, 2] = 0
    masked = torch.tensor([False, False, True, True, True, True])
    before = copy.deepcopy(net.state_dict())
    optimizer = fused_optimizer(net.parameters(), Training(optimizer=kind, weight_decay=0.1))

    def step():
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x).masked_fill(masked, float("-inf")), y).backward()
        optimizer.step(1e-2)

    for _ in range(50):
        step()
    after = net.state_dict()
    assert torch.equal(after["0.weight"][:, 2], before["0.weight"][:, 2])
    for name in ("2.weight", "2.bias"):
        assert torch.equal(after[name][2:], before[name][2:])
        assert bool((after[name][:2] != before[name][:2]).all())


@KINDS
def test_the_penalty_is_that_of_l2_elsewhere(kind):
    """With a constant loss gradient g, steps are those with the gradient g + decay * w."""
    parameter, decay = nn.Parameter(torch.linspace(-1, 1, 6)), 0.5
    other = nn.Parameter(parameter.detach().clone())
    ours = fused_optimizer(nn.ParameterList([parameter]), Training(optimizer=kind, weight_decay=decay))
    plain = fused_optimizer(nn.ParameterList([other]), Training(optimizer=kind, weight_decay=0))
    gradient = torch.tensor([1.0, -2.0, 0.5, 3.0, -1.0, 0.25])
    for _ in range(5):
        parameter.grad, other.grad = gradient.clone(), gradient + decay * other.detach()
        ours.step(1e-2)
        plain.step(1e-2)
        assert torch.equal(parameter.grad, gradient)
    torch.testing.assert_close(parameter, other)


@KINDS
def test_a_restored_optimizer_goes_on_alike(kind):
    training = Training(optimizer=kind)
    net = Net()
    whole = fused_optimizer(net.parameters(), training)
    _walk(net, whole.zero_grad, lambda: whole.step(1e-2), range(3))
    other = copy.deepcopy(net)
    restored = fused_optimizer(other.parameters(), training)
    restored.load_state_dict({name: tensor.clone() for name, tensor in whole.state_dict().items()})
    _walk(net, whole.zero_grad, lambda: whole.step(1e-2), range(3, 6))
    _walk(other, restored.zero_grad, lambda: restored.step(1e-2), range(3, 6))
    assert torch.equal(net.first.weight, other.first.weight)
    assert torch.equal(net.second.weight, other.second.weight)


def _convolution(x):
    return nn.Conv2d(2, 3, 3)(x.reshape(2, 2, 4, 6))


def _linear(x):
    return nn.Linear(8, 5, bias=False)(nn.Linear(6, 8)(x))


def _batched(x):
    return x @ x.transpose(1, 2)


def _batched_with_bias(x):
    return torch.baddbmm(torch.zeros(4, 4, 4), x, x.transpose(1, 2))


@pytest.mark.parametrize("product", [_convolution, _linear, _batched, _batched_with_bias])
def test_operations_are_counted_as_pytorch_counts_them(product):
    x = torch.rand(4, 4, 6, requires_grad=True)
    with FlopCounter() as ours:
        product(x).sum().backward()
    with FlopCounterMode(display=False) as theirs:
        product(x).sum().backward()
    assert ours.total == theirs.get_total_flops() > 0


def test_training_does_not_import_the_compiler():
    program = (
        "import sys; from cltk.api import load, train; from cltk.events import TaskEnded\n"
        "run = train(load(scenario='split-digits', strategy='finetune', strategy__classifier__min_steps=1))\n"
        "next(event for event in run if isinstance(event, TaskEnded))\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_momentum_is_a_setting(momentum):
    net = Net()
    other = copy.deepcopy(net)
    ours = fused_optimizer(net.parameters(), Training(optimizer="sgd", weight_decay=0.0, momentum=momentum))
    theirs = torch.optim.SGD(other.parameters(), lr=1e-2, momentum=momentum, fused=True)
    _walk(net, ours.zero_grad, lambda: ours.step(1e-2))
    _walk(other, theirs.zero_grad, theirs.step)
    for name, parameter in net.state_dict().items():
        assert torch.equal(parameter, other.state_dict()[name]), name
