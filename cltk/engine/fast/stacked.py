"""Steps of several networks of one shape as steps of one batched model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from cltk.engine.fast.optimizers import Optimizer, fused_optimizer
from cltk.engine.fast.programs import Program, program_of
from cltk.engine.fast.randomness import GlobalStream, OwnStreams
from cltk.interfaces import Examples, Streams, Train

__all__ = ["Stacked"]


class Stacked:
    """The networks of S phases, each parameter with an axis S in front, and their optimizers likewise.

    They are copies: the phases stay as they are until ``hand_back``.

    Args:
        parts: Of each run, what is trained, and its optimizer; all of them have done as many steps.
        streams: Those of the epoch, of each run.

    Raises:
        RuntimeError: The networks differ in shape.
    """

    def __init__(self, parts: Sequence[tuple[Train, Optimizer]], streams: Sequence[Streams]) -> None:
        self._models = [_Losses(phase) for phase, _ in parts]
        self._own = [_tensors(model) for model in self._models]
        self._tensors = {name: _stack(own[name] for own in self._own) for name in self._own[0]}
        trained = [tensor for tensor in self._tensors.values() if isinstance(tensor, nn.Parameter)]
        self._optimizers = optimizers = [optimizer for _, optimizer in parts]
        self._optimizer = fused_optimizer(trained, parts[0][0].training)
        self._optimizer.load_state_dict(_joined(self._optimizer.state_dict(), optimizers))
        self._rngs = [each.generator("loss") for each in streams]
        self._globals = [GlobalStream(each) for each in streams]

    def are_alike(self, batches: Sequence[Examples]) -> bool:
        """Whether the losses of all runs are the same function of network, batch and noise; none of those changes."""
        first, *others = (self._program(run, batch) for run, batch in enumerate(batches))
        return all(other == first for other in others)

    def step(self, batches: Sequence[Examples], autocast: torch.autocast, lr: float) -> Tensor:
        """Takes a step of each run.

        Args:
            batches: One of each run, all of one size.
            autocast: The precision of the losses.
            lr: The learning rate.

        Returns:
            (S,) their losses.

        Raises:
            RuntimeError: The networks cannot be computed as one.
        """
        columns = _stacked(batches)
        with autocast, OwnStreams(self._rngs[0], self._rngs, self._globals):
            losses: Tensor = vmap(self._losses, randomness="different")(self._tensors, columns)
        weights = columns.get("weight")
        loss = losses.mean(1) if weights is None else (losses.float() * weights).sum(1) / losses.shape[1]
        self._optimizer.zero_grad()
        loss.sum().backward()  # type: ignore[no-untyped-call]
        self._optimizer.step(lr)
        return loss.detach()

    def draw(self, run: int, batches: Iterator[Examples]) -> Examples:
        """The next batch of a run, which may draw from its global generators."""
        with self._globals[run].lent():
            return next(batches)

    def gradient_norms(self) -> Tensor:
        """Of the last step, (S,)."""
        gradients = [tensor.grad for tensor in self._tensors.values() if tensor.grad is not None]
        return torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0).sqrt()

    @torch.no_grad()
    def hand_back(self) -> None:
        """Gives the phases' networks and optimizers what the steps have made of them, gradients included."""
        state = self._optimizer.state_dict()
        for run, (tensors, optimizer) in enumerate(zip(self._own, self._optimizers, strict=True)):
            for name, stack in self._tensors.items():
                tensors[name].copy_(stack[run])
                tensors[name].grad = None if stack.grad is None else stack.grad[run]
            own = optimizer.state_dict()
            optimizer.load_state_dict({name: _part(state[name], own[name], run) for name in own})

    def _losses(self, tensors: Mapping[str, Tensor], columns: Mapping[str, Tensor]) -> Tensor:
        """Of one run, (B,), as it is seen from within."""
        losses: Tensor = functional_call(self._models[0], dict(tensors), (Examples(**columns), self._rngs[0]))
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


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _stack(own: Iterable[Tensor]) -> Tensor:
    """Tensors of all runs as one; as a parameter, where they are trained."""
    tensors = list(own)
    stack = torch.stack([tensor.detach() for tensor in tensors])
    return nn.Parameter(stack) if tensors[0].requires_grad else stack


def _stacked(batches: Sequence[Examples]) -> dict[str, Tensor]:
    """The columns that are there, each with an axis in front."""
    names = [each.name for each in fields(Examples) if getattr(batches[0], each.name) is not None]
    return {name: torch.stack([getattr(batch, name) for batch in batches]) for name in names}


def _joined(state: Mapping[str, Tensor], optimizers: Sequence[Optimizer]) -> dict[str, Tensor]:
    """What several optimizers remember, in the shapes of ``state``: of what has no axis for them, all have the same."""
    all_own = [optimizer.state_dict() for optimizer in optimizers]
    return {
        name: torch.stack([own[name] for own in all_own]) if tensor.ndim > all_own[0][name].ndim else all_own[0][name]
        for name, tensor in state.items()
    }


def _part(stack: Tensor, own: Tensor, run: int) -> Tensor:
    return stack[run] if stack.ndim > own.ndim else stack
