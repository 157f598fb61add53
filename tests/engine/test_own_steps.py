"""What has optimizers, gradients or sums of its own: a GAN, A-GEM and synaptic intelligence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cltk.engine import Run, Trainer, load_state, state_of, train
from cltk.engine.encoding import decode, encode
from cltk.engine.fast.optimizers import fused_optimizer
from cltk.errors import DivergenceError, PluginError
from cltk.events import EpochEnded, PhaseStarted, TaskEnded
from cltk.interfaces import (
    Batches,
    Buffer,
    Classifier,
    Component,
    Examples,
    Generator,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Step,
    Strategy,
    Streams,
    Task,
    Training,
    make_optimizer,
)

INFO = ScenarioInfo((1, 2, 2), 4, (8, 8), ((0, 1), (2, 3)), "class")
BUDGET = Training(epochs=3, min_steps=0, batch_size=3)


class Linear(Classifier):
    def __init__(self, info: ScenarioInfo) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(info.pixels, info.outputs))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layers(x)
        return logits


class GAN(Generator):
    """Two players with an optimizer each; the critic has two turns for one of the painter."""

    def __init__(self, info: ScenarioInfo) -> None:
        super().__init__()
        self.shape = info.shape
        self.painter, self.critic = nn.Linear(3, info.pixels), nn.Linear(info.pixels, 1)

    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        loss: Tensor = F.softplus(-self.critic(x.flatten(1))).squeeze(1)
        return loss

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        images: Tensor = self.painter(torch.randn((n, 3), generator=rng)).sigmoid()
        return images.view(n, *self.shape)

    def phase(self, batches: Batches, training: Training) -> Phase:
        painting = torch.optim.Adam(self.painter.parameters(), lr=1e-2, betas=(0.5, 0.999))
        judging = torch.optim.RMSprop(self.critic.parameters(), lr=1e-3)
        turns = torch.optim.lr_scheduler.StepLR(judging, step_size=2, gamma=0.5)

        def step(batch: Examples, rng: torch.Generator) -> Tensor:
            for _ in range(2):
                painted = self.sample(len(batch), rng).detach()
                verdict = self.loss(batch.x, batch.y, rng) + F.softplus(self.critic(painted.flatten(1))).squeeze(1)
                judging.zero_grad()
                torch.autograd.backward(batch.mean(verdict))
                judging.step()
            turns.step()
            loss = self.loss(self.sample(len(batch), rng), batch.y, rng).mean()
            painting.zero_grad()
            torch.autograd.backward(loss)
            painting.step()
            return loss

        return Step(
            "generator", self, batches, step, training, {"painter": painting, "critic": judging, "turns": turns}
        )


class Adversarial(Strategy):
    slots = ("classifier", "generator")

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        batches = Shuffled(task.train, BUDGET.batch_size)
        yield self.parts.generator.phase(batches, BUDGET)
        yield self.classifier_phase(batches, BUDGET)


class Averaged(Strategy):
    """A-GEM: a gradient that would raise the loss on stored samples is projected."""

    def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.buffer: Buffer = Buffer(4, info, self.device)
        self.projected = 0

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        batches = Shuffled(task.train, BUDGET.batch_size)
        plain, parameters = self.classifier_phase(batches, BUDGET), [*self.parts.classifier.parameters()]
        optimizer = torch.optim.SGD(parameters, lr=0.5, momentum=0.9)

        def gradient(batch: Examples, rng: torch.Generator) -> tuple[Tensor, Tensor]:
            loss = batch.mean(plain.loss(batch, rng))
            gradients = torch.autograd.grad(loss, parameters)
            return loss, torch.cat([part.flatten() for part in gradients])

        def step(batch: Examples, rng: torch.Generator) -> Tensor:
            loss, own = gradient(batch, rng)
            if len(self.buffer):
                _, before = gradient(self.buffer.draw(4, rng), rng)
                if own @ before < 0:
                    self.projected += 1
                    own = own - (own @ before) / (before @ before) * before
                    assert float(own @ before) == pytest.approx(0, abs=1e-6)
            for parameter, part in zip(parameters, torch.split(own, [p.numel() for p in parameters]), strict=True):
                parameter.grad = part.view_as(parameter)
            optimizer.step()
            return loss

        yield Step("classifier", self.parts.classifier, batches, step, BUDGET, {"sgd": optimizer})
        self.buffer.add(task, streams)


class PathIntegrals(Strategy):
    """Synaptic intelligence: what each parameter contributed to the loss is summed over its way."""

    def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        named = dict(parts.classifier.named_parameters())
        self.path = {name: torch.zeros_like(parameter) for name, parameter in named.items()}
        self.importance = {name: torch.zeros_like(parameter) for name, parameter in named.items()}
        self.anchor = {name: parameter.detach().clone() for name, parameter in named.items()}

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        batches = Shuffled(task.train, BUDGET.batch_size)
        plain, parameters = self.classifier_phase(batches, BUDGET), dict(self.parts.classifier.named_parameters())
        optimizer = torch.optim.Adam(parameters.values(), lr=1e-2)

        def step(batch: Examples, rng: torch.Generator) -> Tensor:
            loss = batch.mean(plain.loss(batch, rng))
            gradients = torch.autograd.grad(loss, [*parameters.values()], retain_graph=True)
            penalty = sum((self.importance[n] * (p - self.anchor[n]).square()).sum() for n, p in parameters.items())
            before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
            optimizer.zero_grad()
            torch.autograd.backward(loss + penalty)
            optimizer.step()
            for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True):
                self.path[name] -= gradient * (parameter.detach() - before[name])
            return loss

        yield Step("classifier", self.parts.classifier, batches, step, BUDGET, {"adam": optimizer})
        for name, parameter in parameters.items():
            moved = parameter.detach() - self.anchor[name]
            self.importance[name] += (self.path[name] / (moved.square() + 0.1)).clamp_min(0)
            self.anchor[name], self.path[name] = parameter.detach().clone(), torch.zeros_like(parameter)

    def state_dict(self) -> dict[str, Tensor]:
        kept = {"path": self.path, "importance": self.importance, "anchor": self.anchor}
        return {f"{kind}.{name}": tensor for kind, tensors in kept.items() for name, tensor in tensors.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        for name, tensor in state.items():
            kind, _, parameter = name.partition(".")
            getattr(self, kind)[parameter] = tensor.clone()


class Scheduled(Strategy):
    """Two optimizers, whose learning rates fall with the budget's; notes them at each step."""

    def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.rates: list[tuple[float, float]] = []

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        training = BUDGET.model_copy(update={"lr_schedule": "linear", "lr": 0.09, "optimizer": "sgd"})
        batches = Shuffled(task.train, training.batch_size)
        plain, classifier = self.classifier_phase(batches, training), self.parts.classifier
        optimizers = {
            "first": make_optimizer(classifier.parameters(), training),
            "second": torch.optim.SGD(classifier.parameters(), lr=0.009),
        }

        def step(batch: Examples, rng: torch.Generator) -> Tensor:
            self.rates.append((*(each.param_groups[0]["lr"] for each in optimizers.values()),))
            loss = batch.mean(plain.loss(batch, rng))
            classifier.zero_grad()
            torch.autograd.backward(loss)
            for optimizer in optimizers.values():
                optimizer.step()
            return loss

        yield Step("classifier", classifier, batches, step, training, optimizers)


ALL = [Adversarial, Averaged, PathIntegrals, Scheduled]


def make_run(kind: type[Strategy], seed: int = 0, **settings: Any) -> Run:
    rng = torch.Generator().manual_seed(0)

    def part(index: int) -> Examples:
        return Examples(torch.rand((8, 1, 2, 2), generator=rng), torch.tensor(INFO.classes[index]).repeat(4))

    tasks = [Task(index, INFO.classes[index], part(index), part(index), part(index)) for index in range(2)]
    with Streams(seed).scope("init"):
        slots: dict[Any, Any] = {"classifier": Linear(INFO)}
        if "generator" in kind.slots:
            slots["generator"] = GAN(INFO)
        strategy = kind(Component.Config(), INFO, Parts(slots))
    return Run(INFO, tasks, strategy, Streams(0), **settings)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("epochs", [1, 2, 3, 4])
def test_it_goes_on_at_the_end_of_an_epoch_as_if_nothing_had_been(kind: type[Strategy], epochs: int) -> None:
    whole, cut, other = make_run(kind), make_run(kind), make_run(kind, seed=1)
    expected = [event.loss for event in train(whole) if isinstance(event, EpochEnded)]
    trainer, losses = Trainer(cut), []
    state = {name: tensor.clone() for name, tensor in state_of(cut.strategy).items()}
    for event in trainer.events():
        if isinstance(event, EpochEnded):
            losses.append(event.loss)
        if isinstance(event, TaskEnded):
            state = {name: tensor.clone() for name, tensor in state_of(cut.strategy).items()}
        if len(losses) == epochs:
            break
    progress = trainer.resume_point()
    progress = replace(progress, states=[{n: t.clone() for n, t in part.items()} for part in progress.states])
    load_state(other.strategy, state)
    completed = epochs // 4 if kind is not Adversarial else 0
    events = Trainer(other, completed, progress).events()
    losses += [event.loss for event in events if isinstance(event, EpochEnded)]
    assert losses == expected
    ends = state_of(whole.strategy), state_of(other.strategy)
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_gradients_are_changed_where_they_would_undo_what_was_learned() -> None:
    run = make_run(Averaged)
    list(train(run))
    assert isinstance(run.strategy, Averaged)
    assert run.strategy.projected > 0


def test_path_integrals_give_importance_to_some_parameters() -> None:
    run = make_run(PathIntegrals)
    list(train(run))
    assert isinstance(run.strategy, PathIntegrals)
    assert all(bool(tensor.any()) for tensor in run.strategy.importance.values())


def test_learning_rates_take_the_course_of_the_budget() -> None:
    run = make_run(Scheduled)
    list(train(run))
    assert isinstance(run.strategy, Scheduled)
    expected = [0.01 * left for left in range(9, 0, -1)] * 2
    assert [first for first, _ in run.strategy.rates] == pytest.approx(expected)
    assert [second for _, second in run.strategy.rates] == pytest.approx([rate / 10 for rate in expected])


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_the_optimizer_of_a_budget_takes_the_steps_of_the_engine(kind: Literal["adam", "sgd"]) -> None:
    training = Training(optimizer=kind, weight_decay=0.1, lr=0.05)
    ours, engines = (nn.ParameterList([torch.tensor([1.0, -2.0, 3.0])]) for _ in range(2))
    public, own = make_optimizer(ours.parameters(), training), fused_optimizer(engines, training)
    for number in range(3):
        for parameter in (ours[0], engines[0]):
            parameter.grad = torch.tensor([0.5, 0.0, -1.0 - number])
        public.step()
        own.step(training.lr)
    assert torch.allclose(ours[0], engines[0])
    assert float(ours[0][1].detach()) == -2.0


def test_all_steps_of_the_first_epoch_are_counted() -> None:
    phases = [event for event in train(make_run(Adversarial)) if isinstance(event, EpochEnded)]
    # For each of eight samples: the critic judges 4 pixels (8 operations) twice forward and twice for the gradient of
    # its weight, and that two times; the painter paints (24) three times, once with a gradient of its weight and of
    # what the critic judged, whose weight has a gradient too.
    critic, painter = 2 * 4, 2 * 3 * 4
    turn = 2 * (2 * critic) + painter
    expected = 2 * turn + 2 * painter + 3 * critic
    assert phases[0].operations == 8 * expected
    assert phases[0].per_sample == expected


def test_epochs_are_announced_as_of_any_phase() -> None:
    started = [event for event in train(make_run(PathIntegrals)) if isinstance(event, PhaseStarted)]
    assert [(event.epochs, event.steps) for event in started] == [(3, 3), (3, 3)]


def _diverging(change: Callable[[Tensor], Tensor]) -> type[Strategy]:
    class Diverging(PathIntegrals):
        def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
            for phase in super().phases(task, streams):
                assert isinstance(phase, Step)
                own, calls = phase.step, [0]

                def step(batch: Examples, rng: torch.Generator, own: Any = own, calls: list[int] = calls) -> Tensor:
                    calls[0] += 1
                    loss: Tensor = own(batch, rng)
                    return change(loss) if calls[0] > 4 else loss

                yield replace(phase, step=step)

    return Diverging


def test_a_loss_that_is_not_finite_stops_the_run() -> None:
    with pytest.raises(DivergenceError, match="epoch 2, step 2, the loss is nan"):
        list(train(make_run(_diverging(lambda loss: loss * float("nan")))))


def test_the_state_of_an_optimizer_is_kept_without_pickling() -> None:
    state = {
        "state": {0: {"step": torch.tensor(3.0), "on": True}},
        "groups": [{"lr": 0.1, "betas": (0.9, 0.999)}, None],
    }
    assert decode(encode(state)) == state
    with pytest.raises(PluginError, match="holds a Linear"):
        encode({"module": nn.Linear(1, 1)})
