"""The engine's optimizers against PyTorch's."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cltk.engine.fast.flops import FlopCounter
from cltk.engine.fast.optimizers import make_optimizer
from cltk.interfaces import Training

THEIRS = {
    "adam": lambda parameters: torch.optim.Adam(parameters, 1e-2, weight_decay=1e-3, fused=True),
    "sgd": lambda parameters: torch.optim.SGD(parameters, 1e-2, momentum=0.9, weight_decay=1e-3, fused=True),
}


class Net(nn.Module):
    """Two layers, of which the second has nothing to do in every other step."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(5, 4), nn.Linear(4, 4)
        self.frozen = nn.Parameter(torch.ones(3), requires_grad=False)

    def loss(self, step):
        x = self.first(torch.full((2, 5), 0.1 * step))
        return (x if step % 2 else self.second(x)).square().sum()


def _walk(net, zero_grad, step, steps=range(6)):
    for number in steps:
        zero_grad()
        net.loss(number).backward()
        step()


@pytest.mark.parametrize("kind", THEIRS)
def test_steps_equal_those_of_pytorch(kind):
    net = Net()
    other = copy.deepcopy(net)
    ours = make_optimizer(net, Training(optimizer=kind, weight_decay=1e-3))
    theirs = THEIRS[kind](other.parameters())
    _walk(net, ours.zero_grad, lambda: ours.step(1e-2))
    _walk(other, theirs.zero_grad, theirs.step)
    for name, parameter in net.state_dict().items():
        assert torch.equal(parameter, other.state_dict()[name]), name


@pytest.mark.parametrize("kind", THEIRS)
def test_a_restored_optimizer_goes_on_alike(kind):
    training = Training(optimizer=kind)
    net = Net()
    whole = make_optimizer(net, training)
    _walk(net, whole.zero_grad, lambda: whole.step(1e-2), range(3))
    other = copy.deepcopy(net)
    restored = make_optimizer(other, training)
    restored.load_state_dict({name: tensor.clone() for name, tensor in whole.state_dict().items()})
    _walk(net, whole.zero_grad, lambda: whole.step(1e-2), range(3, 6))
    _walk(other, restored.zero_grad, lambda: restored.step(1e-2), range(3, 6))
    assert torch.equal(net.first.weight, other.first.weight)
    assert torch.equal(net.second.weight, other.second.weight)


def test_gradient_norm():
    net = Net()
    optimizer = make_optimizer(net, Training())
    net.loss(2).backward()
    gradients = torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])
    assert float(optimizer.gradient_norm()) == pytest.approx(float(gradients.norm()))


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
