"""Steps of several networks of one shape as steps of one batched model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from cltk.engine.fast.apart import ApartError
from cltk.engine.fast.optimizers import Optimizer, fused_optimizer
from cltk.engine.fast.programs import Program, program_of
from cltk.engine.fast.randomness import GlobalStream, OwnStreams
from cltk.interfaces import Examples, Streams, Train

__all__ = ["Stacked"]


class Stacked:
    """The networks of S phases, each parameter with an axis S in front, and their optimizers likewise.

    They are copies: networks and optimizers of the phases stay as they are until ``hand_back``.

    Args:
        parts: Of each run, what is trained, and its optimizer. Networks have the same names, shapes and types.
        streams: Those of the epoch, of each run.

    Raises:
        ApartError: The optimizers have not done as many steps.
    """

    def __init__(self, parts: Sequence[tuple[Train, Optimizer]], streams: Sequence[Streams]) -> None:
        self._models = [_Losses(phase) for phase, _ in parts]
        self._own = [{**dict(each.named_parameters()), **dict(each.named_buffers())} for each in self._models]
        self._tensors = {name: _stack(own[name] for own in self._own) for name in self._own[0]}
        trained = [tensor for tensor in self._tensors.values() if isinstance(tensor, nn.Parameter)]
        self._optimizers = optimizers = [optimizer for _, optimizer in parts]
        self._optimizer = fused_optimizer(trained, parts[0][0].training)
        self._optimizer.load_state_dict(_joined(self._optimizer.state_dict(), optimizers))
        self._rngs = [each.generator("loss") for each in streams]
        self._globals = [GlobalStream(each) for each in streams]

    def draw(self, run: int, batches: Iterator[Examples]) -> Examples:
        """The next batch of a run, which may draw from its global generators."""
        with self._globals[run].lent():
            return next(batches)

    def are_alike(self, batches: Sequence[Examples]) -> bool:
        """Whether the losses of all runs are the same function of network, batch and noise.

        Raises:
            ApartError: They have tensors of their own that are trained or changed, or draw in an order of memory that
                a batched model does not have.
        """
        first, *others = enumerate(batches)
        program = self._program(*first)
        return all(self._program(*other) == program for other in others)

    def step(self, batches: Sequence[Examples], autocast: torch.autocast, lr: float) -> Tensor:
        """Takes a step of each run.

        Args:
            batches: One of each run, all of one size B.
            autocast: The precision of the losses.
            lr: The learning rate.

        Returns:
            (S,) their losses.

        Raises:
            RuntimeError: What they compute has no batched form.
            ApartError: The losses are not one a sample.
        """
        columns = _columns(batches)
        with autocast, OwnStreams(self._rngs[0], self._rngs, self._globals):
            losses: Tensor = vmap(self._losses, randomness="different")(self._tensors, columns)
        if losses.shape != columns["y"].shape:
            raise ApartError("a loss is not one number a sample")
        weights = columns.get("weight")
        # As ``Examples.mean`` has it, for all runs at once.
        means = losses.mean(1) if weights is None else (losses.float() * weights).sum(1) / losses.shape[1]
        self._optimizer.zero_grad()
        means.sum().backward()  # type: ignore[no-untyped-call]
        self._optimizer.step(lr)
        return means.detach()

    def gradient_norms(self) -> Tensor:
        """Of the last step, (S,)."""
        gradients = [tensor.grad for tensor in self._tensors.values() if tensor.grad is not None]
        return (
            torch.stack([gradient.reshape(len(gradient), -1).square().sum(1) for gradient in gradients]).sum(0).sqrt()
        )

    @torch.no_grad()
    def hand_back(self) -> None:
        """Gives the phases' networks and optimizers what the steps have made of them, gradients included."""
        state = self._optimizer.state_dict()
        for run, (tensors, optimizer) in enumerate(zip(self._own, self._optimizers, strict=True)):
            for name, stack in self._tensors.items():
                tensors[name].copy_(stack[run])
                tensors[name].grad = None if stack.grad is None else stack.grad[run].clone()
            own = optimizer.state_dict()
            optimizer.load_state_dict(
                {name: state[name][run] if _has_axis(state[name], own[name]) else state[name] for name in own}
            )

    def _losses(self, tensors: Mapping[str, Tensor], columns: Mapping[str, Tensor]) -> Tensor:
        """Of one run, (B,), as it is seen from within.

        Raises:
            ApartError: A buffer was replaced, instead of changed in place.
        """
        given = dict(tensors)
        losses: Tensor = functional_call(self._models[0], given, (Examples(**columns), self._rngs[0]))
        if any(given[name] is not tensor for name, tensor in tensors.items()):
            raise ApartError("a buffer is replaced, where it could be changed in place")
        return losses

    def _program(self, run: int, batch: Examples) -> Program:
        tensors = {name: tensor.detach().clone() for name, tensor in self._own[run].items()}
        rng = torch.Generator(self._rngs[run].device)

        def losses() -> None:
            functional_call(self._models[run], tensors, (batch, rng))

        with self._globals[run].spared():
            return program_of(losses, [*tensors.values(), *batch.columns])


class _Losses(nn.Module):
    """The losses of a phase as a module, so that its parameters can be given."""

    def __init__(self, phase: Train) -> None:
        super().__init__()
        self.module = phase.module
        self._loss = phase.loss

    def forward(self, batch: Examples, rng: torch.Generator) -> Tensor:
        """The losses of B samples, (B,)."""
        return self._loss(batch, rng)


def _stack(own: Iterable[Tensor]) -> Tensor:
    """Tensors of all runs as one; as a parameter, where they are trained."""
    tensors = list(own)
    stack = torch.stack([tensor.detach() for tensor in tensors])
    return nn.Parameter(stack) if tensors[0].requires_grad else stack


def _columns(batches: Sequence[Examples]) -> dict[str, Tensor]:
    """The columns that are there, each with an axis for the runs in front.

    Raises:
        RuntimeError: They differ in size.
        ApartError: Some have a column that others have not.
    """
    columns = {each.name: [getattr(batch, each.name) for batch in batches] for each in fields(Examples)}
    there = {name: parts for name, parts in columns.items() if any(part is not None for part in parts)}
    if any(part is None for parts in there.values() for part in parts):
        raise ApartError("their batches have other columns")
    return {name: torch.stack(parts) for name, parts in there.items()}


def _joined(state: Mapping[str, Tensor], optimizers: Sequence[Optimizer]) -> dict[str, Tensor]:
    """What several optimizers remember, in the shapes of ``state``.

    Raises:
        ApartError: They differ in something that has no axis for them, which is the number of steps.
    """
    joined = {}
    for name, tensor in state.items():
        own = [optimizer.state_dict()[name] for optimizer in optimizers]
        if not _has_axis(tensor, own[0]) and any(not torch.equal(own[0], other) for other in own):
            raise ApartError("their optimizers have done other numbers of steps")
        joined[name] = torch.stack(own) if _has_axis(tensor, own[0]) else own[0]
    return joined


def _has_axis(joined: Tensor, own: Tensor) -> bool:
    """Whether what an optimizer of all runs remembers has an axis for them."""
    return joined.ndim > own.ndim
