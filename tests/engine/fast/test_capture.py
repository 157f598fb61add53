"""Training steps as CUDA graphs: they learn what the same steps learn one kernel at a time."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cltk.engine import descent
from cltk.engine.descent import Descent
from cltk.engine.fast import capture
from cltk.engine.fast.capture import CapturedStep
from cltk.engine.fast.optimizers import fused_optimizer
from cltk.interfaces import Batches, Examples, Shuffled, Streams, Train, Training, classification_loss

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is here")


@pytest.fixture
def on_cpu(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """What graphs do, without a GPU: work on the same memory again, and leave the result in the same place."""
    results: list[Tensor] = []

    def record(work: Callable[[], Tensor], rng: torch.Generator) -> tuple[Tensor, Callable[[], None]]:
        results.append(torch.zeros(()))
        return results[-1], lambda result=results[-1]: result.copy_(work())  # type: ignore[misc]

    monkeypatch.setattr(capture, "_record", record)
    monkeypatch.setattr(capture, "_aside", lambda step, batch: step(batch))
    monkeypatch.setattr(descent, "may_capture", lambda phase: phase.name == "captured")
    return results


def _examples(count: int) -> Examples:
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand((count, 1, 4, 4), generator=rng), torch.randint(3, (count,), generator=rng)
    return Examples(x, y, weight=torch.linspace(0.5, 1.5, count))


def _net(device: str) -> nn.Module:
    with Streams(0).scope("init"):
        return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3)).to(device)


def _phase(net: nn.Module, batches: Batches, captured: bool, **settings: Any) -> Train:
    def loss(batch: Examples, rng: torch.Generator) -> Tensor:
        noise = 0.1 * torch.randn(batch.x.shape, generator=rng, device=batch.x.device)
        return classification_loss(net(batch.x + noise), batch)

    name = "captured" if captured else "net"
    return Train(name, net, batches, loss, Training(epochs=4, min_steps=0, **settings))


class Uneven(Shuffled):
    """Batches of three lengths in turn, as replay in proportion makes them."""

    @property
    def steps(self) -> int:
        return len(self._lengths)

    @property
    def _lengths(self) -> list[int]:
        return [9, 10, 11] * (self.samples // 30)

    def epoch(self, streams: Streams) -> Any:
        order = torch.randperm(self.samples, generator=streams.generator("order"), device=self.examples.x.device)
        for index in torch.split(order, self._lengths):
            yield self.examples[index]


def test_a_batch_replaces_the_one_before(on_cpu: list[Tensor]) -> None:
    net = _net("cpu").eval()
    optimizer, examples = fused_optimizer(net.parameters(), Training()), _examples(10)

    def step(batch: Examples) -> Tensor:
        optimizer.zero_grad()
        loss = batch.mean(classification_loss(net(batch.x), batch))
        loss.backward()
        return loss.detach()

    captured = CapturedStep(step, list(net.parameters()), torch.Generator())
    losses = [float(captured(examples[:6])) for _ in range(5)]
    assert losses == pytest.approx([float(step(examples[:6]))] * 5)
    other = float(captured(examples[2:8]))
    assert other == pytest.approx(float(step(examples[2:8])))
    assert other != pytest.approx(losses[0])
    assert len(on_cpu) == 1


@pytest.mark.parametrize("captured", [True, False])
def test_a_descent_counts_its_graphs(on_cpu: list[Tensor], captured: bool) -> None:
    training = Descent(_phase(_net("cpu"), Uneven(_examples(300), 32), captured), "fp32")
    training.epoch(Streams(0).at(1))
    assert training.graphs == len(on_cpu) == (3 if captured else 0)


def _trained(device: str, kind: type[Shuffled], captured: bool, settings: dict[str, Any]) -> list[Tensor]:
    """The losses of all steps of a phase, the weights at its end, and the gradient's norm."""
    net, batches = _net(device), kind(_examples(300).to(torch.device(device)), 32)
    training = Descent(_phase(net, batches, captured, **settings), "fp32")
    streams = Streams(0, device=torch.device(device))
    losses = torch.cat([training.epoch(streams.at(epoch)) for epoch in range(1, training.epochs + 1)])
    norm = nn.utils.get_total_norm([parameter.grad for parameter in net.parameters() if parameter.grad is not None])
    return [losses, torch.cat([parameter.detach().flatten() for parameter in net.parameters()]), norm]


SETTINGS = pytest.mark.parametrize("settings", [{}, {"lr_schedule": "cosine"}, {"optimizer": "sgd", "lr": 0.01}])
KINDS = pytest.mark.parametrize("kind", [Shuffled, Uneven])


@SETTINGS
@KINDS
def test_steps_on_the_same_memory_learn_what_others_learn(
    on_cpu: list[Tensor], settings: dict[str, Any], kind: type[Shuffled]
) -> None:
    ours, others = (_trained("cpu", kind, captured, settings) for captured in (True, False))
    assert len(on_cpu) == len({len(batch) for batch in kind(_examples(300), 32).epoch(Streams(0))})
    for mine, theirs in zip(ours[:2], others[:2], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("captured", [True, False])
def test_a_phase_that_is_over_leaves_memory_at_once(on_cpu: list[Tensor], captured: bool) -> None:
    training = Descent(_phase(_net("cpu"), Shuffled(_examples(60), 10), captured), "fp32")
    training.epoch(Streams(0).at(1))
    gone = weakref.ref(training)
    gc.disable()
    try:
        del training
        assert gone() is None
    finally:
        gc.enable()


def test_a_step_that_cannot_be_captured_is_taken_all_the_same(
    on_cpu: list[Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def refuse(work: Callable[[], Tensor], rng: torch.Generator) -> tuple[Tensor, Callable[[], None]]:
        tries.append(1)
        torch.rand(1, generator=rng)
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(capture, "_record", refuse)
    ours, others = (_trained("cpu", Shuffled, captured, {}) for captured in (True, False))
    assert tries == [1]
    for mine, theirs in zip(ours, others, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


def test_it_is_tried_on_a_gpu_alone_and_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    phase = _phase(_net("cpu"), Shuffled(_examples(60), 10), captured=True)
    assert not capture.may_capture(phase)
    monkeypatch.setenv("CLTK_CAPTURE", "1")
    assert not capture.may_capture(phase)


@pytest.fixture
def on_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descent, "may_capture", lambda phase: phase.name == "captured")


@GPU
@pytest.mark.usefixtures("on_gpu")
@SETTINGS
@KINDS
def test_a_captured_phase_learns_what_it_learns_otherwise(settings: dict[str, Any], kind: type[Shuffled]) -> None:
    for pair in zip(*(_trained("cuda", kind, captured, settings) for captured in (True, False)), strict=True):
        torch.testing.assert_close(*pair, rtol=1e-4, atol=1e-5)


@GPU
@pytest.mark.usefixtures("on_gpu")
def test_a_phase_is_a_few_graphs() -> None:
    batches = Uneven(_examples(300).to(torch.device("cuda")), 32)
    training = Descent(_phase(_net("cuda"), batches, captured=True), "bf16")
    for epoch in range(1, 3):
        assert training.epoch(Streams(0, device=torch.device("cuda")).at(epoch)).isfinite().all()
    assert training.graphs == 3
