"""What networks of both kinds promise: to be trained, saved, copied and moved like any other."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from cltk.interfaces import Classifier, ScenarioInfo, Streams
from cltk.testing.defects import NotRunError, require
from cltk.testing.networks import (
    BATCH,
    Network,
    begun,
    info_for,
    learn,
    observed,
    phase_loss,
    plain_loss,
    ready,
    rng_of,
    state_of,
    taught_by,
)
from cltk.testing.outcome import require_equal
from cltk.testing.sequences import SHAPES, batch_of
from cltk.testing.subject import Body, Subject

__all__ = ["LEARNING"]

STEPS = 3
"""More than one, as a layer that starts at zero keeps the gradient from those below it at the first."""


def works_without_gradients(subject: Subject) -> None:
    """In evaluation mode and under torch.no_grad() the answers are finite."""
    info = info_for(subject)
    network = ready(subject, info)
    with torch.no_grad():
        answers = observed(network, info)
    for name, answer in answers.items():
        fix = "Wrap what needs gradients in torch.enable_grad()."
        require(bool(answer.isfinite().all()), f"the {name} is {_shown(answer)}", fix)


def gradient_reaches_every_parameter(subject: Subject) -> None:
    """Within three steps, every trainable parameter gets a gradient that is finite and not zero."""
    info = info_for(subject)
    network = _descending(subject, info)
    gradients = _gradients(network.train(), info)
    fix = "Let the loss depend on it, or set requires_grad to False; look for detach(), no_grad() and unused layers."
    dead = [name for name, seen in gradients.items() if not any(bool(gradient.any()) for gradient in seen)]
    require(not dead, f"no gradient reaches {', '.join(dead)}", fix)
    wild = [name for name, seen in gradients.items() if not all(bool(gradient.isfinite().all()) for gradient in seen)]
    require(not wild, f"the gradient of {', '.join(wild)} is not finite", "Keep logarithms and quotients from zero.")


def training_lowers_the_loss(subject: Subject) -> None:
    """Forty steps of Adam on a small task lower the mean loss."""
    info = info_for(subject)
    network = _descending(subject, info)
    batch = batch_of(info, 2 * BATCH)
    before = float(plain_loss(network.eval(), batch).detach().mean())
    learn(network, info)
    after = float(plain_loss(network.eval(), batch).detach().mean())
    fix = "See that the loss is to be minimised and that its gradient has the right sign."
    require(after < before, f"the loss went from {before:.6g} to {after:.6g}", fix)


def works_in_bfloat16(subject: Subject) -> None:
    """Under bfloat16 autocast the loss and its gradient are finite."""
    info = info_for(subject)
    network = ready(subject, info)
    batch, descends = batch_of(info, BATCH), taught_by(network, info) == "descent"
    with Streams(0).scope("global"), torch.autocast("cpu", torch.bfloat16):
        loss = phase_loss(network.train(), batch, rng_of(0)) if descends else plain_loss(network, batch)
    fix = "Do exponentials, logarithms and sums over pixels in float32: tensor.float()."
    require(bool(loss.isfinite().all()), f"the loss is {_shown(loss)}", fix)
    if descends:
        torch.autograd.backward(loss.float().mean())
        wild = [name for name, p in network.named_parameters() if p.grad is not None and not p.grad.isfinite().all()]
        require(not wild, f"the gradient of {', '.join(wild)} is not finite", fix)


def state_dict_is_complete(subject: Subject) -> None:
    """A network that was built anew with another seed answers like a trained one once it has loaded its state_dict."""
    info = info_for(subject)
    trained = ready(subject, info)
    learn(trained, info)
    other = begun(subject, info, seed=1)
    other.load_state_dict(state_of(trained))
    fix = "Register all that training changes as a parameter or with register_buffer."
    require_equal(observed(trained, info), observed(other, info), "the two answer differently", fix)


def copies_are_independent(subject: Subject) -> None:
    """A deep copy of a trained network answers like it, and training the copy leaves the original as it was."""
    info = info_for(subject)
    network = ready(subject, info)
    learn(network, info)
    before, other = observed(network, info), copy.deepcopy(network)
    fix = "Keep tensors on the instance, not on the class or the module, and let copy.deepcopy copy them."
    require_equal(before, observed(other, info), "a copy answers differently", fix)
    learn(other, info)
    with torch.no_grad():
        for tensor in other.state_dict().values():
            tensor.add_(1)
    require_equal(before, observed(network, info), "the original changed with its copy", fix)


def moves_between_devices(subject: Subject) -> None:
    """Moved with to(), it works on the CPU and, where there is one, on a GPU; no tensor stays behind."""
    info = info_for(subject)
    network = ready(subject, info)
    stray = [name for module in network.modules() for name, value in vars(module).items() if isinstance(value, Tensor)]
    fix = "Register it with register_buffer, with persistent=False if it need not be saved."
    require(not stray, f"to() passes over the attributes {', '.join(stray)}", fix)
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        for name, answer in observed(network.to(device), info, device).items():
            fix = "Make new tensors with device=x.device or, where there is no x, device=rng.device."
            require(answer.device.type == device, f"on {device} the {name} is on {answer.device}", fix)


def takes_any_image_shape(subject: Subject) -> None:
    """It answers with finite values for images of 1x8x8, 1x28x28 and 3x8x8, as its info says."""
    for shape in SHAPES:
        info = info_for(subject, shape)
        network = ready(subject, info)
        for name, answer in observed(network, info).items():
            came = f"for images of {shape} the {name} is {_shown(answer)}"
            require(bool(answer.isfinite().all()), came, "Take every size from info.shape.")


def leaves_its_input_alone(subject: Subject) -> None:
    """Neither training nor evaluation changes the images and labels that are handed over."""
    info = info_for(subject)
    network = ready(subject, info)
    given, kept = batch_of(info, BATCH), batch_of(info, BATCH)
    for training in (False, True) if taught_by(network, info) == "descent" else (False,):
        with Streams(0).scope("global"):
            plain_loss(network.train(training), given)
        fix = "Use no operation that ends in an underscore on the input."
        require_equal({"x": kept.x, "y": kept.y}, {"x": given.x, "y": given.y}, "the input changed", fix)


def _descending(subject: Subject, info: ScenarioInfo) -> Network:
    """A new network that gradient descent trains.

    Raises:
        DefectError: It is a generator that asks for gradient descent, and has nothing to train.
        NotRunError: Something else trains it.
    """
    network = ready(subject, info)
    way = taught_by(network, info)
    if way == "phase":
        raise NotRunError("its phase trains it in a way of its own")
    if way == "strategy":
        fix = 'Return Fit("generator", self, batches, self.fit) from phase, or make a parameter trainable.'
        require(isinstance(network, Classifier), "no parameter asks for a gradient", fix)
        raise NotRunError("no parameter asks for a gradient, so that its strategy alone trains it")
    return network


def _gradients(network: Network, info: ScenarioInfo) -> dict[str, list[Tensor]]:
    """The gradients of each trainable parameter at the first steps of training, where it has one."""
    named = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    seen: dict[str, list[Tensor]] = {name: [] for name in named}
    batch, rng = batch_of(info, 2 * BATCH), rng_of(0)
    optimizer = torch.optim.Adam(named.values())
    with Streams(0).scope("global"):
        for _ in range(STEPS):
            optimizer.zero_grad(set_to_none=True)
            loss = phase_loss(network, batch, rng).mean()
            require(loss.requires_grad, "the loss has no gradient at all", "Compute it from the parameters.")
            torch.autograd.backward(loss)
            for name, parameter in named.items():
                seen[name] += [] if parameter.grad is None else [parameter.grad.clone()]
            optimizer.step()
    return seen


def _shown(values: Tensor) -> str:
    return f"{[round(value, 4) for value in values.detach().float().flatten()[:4].tolist()]}..."


LEARNING: tuple[Body, ...] = (
    works_without_gradients,
    gradient_reaches_every_parameter,
    training_lowers_the_loss,
    works_in_bfloat16,
    state_dict_is_complete,
    copies_are_independent,
    moves_between_devices,
    takes_any_image_shape,
    leaves_its_input_alone,
)
