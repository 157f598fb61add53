"""Methods of the literature in small, which the kit must neither refuse nor accuse; and what goes wrong with them."""

from dataclasses import replace
from typing import ClassVar

import pytest
import torch
from torch import nn

from cltk.errors import ConfigError
from cltk.interfaces import (
    Buffer,
    Classifier,
    Examples,
    Fit,
    ReplaySchedule,
    Shuffled,
    Step,
    Strategy,
    Training,
    classification_loss,
    total,
)
from cltk.testing import ConformanceError, NotRunError, checks_of, conformance_tests
from cltk.testing.standins import Mixture, Perceptron

QUICK = Training(epochs=1, min_steps=24, batch_size=32, lr=1e-2)


class EWC(Strategy):
    """Pulls each weight back to where it was, by how much it mattered.

    Source: Kirkpatrick et al. 2017, arXiv 1612.00796.
    """

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        self.fisher, self.anchor = {}, {}

    def phases(self, task, streams):
        plain = self.classifier_phase(Shuffled(task.train, 32), QUICK)
        yield replace(plain, loss=lambda batch, rng: plain.loss(batch, rng) + self.penalty())
        classifier = self.parts.classifier
        classifier.zero_grad()
        plain.loss(task.train, streams.generator("fisher")).mean().backward()
        for name, weight in classifier.named_parameters():
            self.fisher[name] = self.fisher.get(name, 0) + weight.grad.detach() ** 2
            self.anchor[name] = weight.detach().clone()
        classifier.zero_grad()

    def penalty(self):
        weights = dict(self.parts.classifier.named_parameters())
        return sum((self.fisher[name] * (weights[name] - self.anchor[name]) ** 2).sum() for name in self.fisher)

    def state_dict(self):
        return {f"fisher.{n}": t for n, t in self.fisher.items()} | {f"anchor.{n}": t for n, t in self.anchor.items()}

    def load_state_dict(self, state):
        self.fisher = {name[7:]: tensor for name, tensor in state.items() if name.startswith("fisher.")}
        self.anchor = {name[7:]: tensor for name, tensor in state.items() if name.startswith("anchor.")}


class NearestMean(Perceptron):
    """The class whose mean is nearest, once there are means; a linear layer in training.

    Source: none; a test.
    """

    def __init__(self, config, info):
        super().__init__(config, info)
        self.register_buffer("means", torch.zeros(info.outputs, 64))

    def forward(self, x):
        features = self.features(x)
        if self.training or not self.means.any():
            return self.head(features)
        return -torch.cdist(features, self.means)


class ICaRL(Strategy):
    """Stores images of each class and classifies by their mean.

    Source: Rebuffi et al. 2017, arXiv 1611.07725.
    """

    needs: ClassVar = {"classifier": NearestMean}

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        if not isinstance(parts.classifier, NearestMean):
            raise ConfigError("It needs a classifier with means.", "Choose --classifier nearest-mean.")
        self.stored = {}

    def phases(self, task, streams):
        order = torch.randperm(len(task.train), generator=streams.generator("exemplars"))
        # The order of what is stored decides the batches, so it must come back as it was.
        for label in reversed(task.classes):
            self.stored[label] = task.train.x[order[task.train.y[order] == label][:5]].clone()
        images = torch.cat([*self.stored.values(), task.train.x])
        labels = torch.cat([*(torch.full((len(x),), label) for label, x in self.stored.items()), task.train.y])
        yield self.classifier_phase(Shuffled(Examples(images, labels), 32), QUICK)
        with torch.no_grad():
            for label, x in self.stored.items():
                self.parts.classifier.means[label] = self.parts.classifier.features(x).mean(0)

    def buffer_bytes(self):
        return sum(x.nbytes for x in self.stored.values())

    def state_dict(self):
        return {str(label): x for label, x in self.stored.items()}

    def load_state_dict(self, state):
        self.stored = {int(label): x for label, x in state.items()}


class Likelihood(Strategy):
    """One density a class, and no classifier.

    Source: van de Ven, Li & Tolias 2021, arXiv 2104.10093.
    """

    slots = ()

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        self.means = self.new_means()

    def new_means(self):
        return nn.ParameterList([torch.full((self.info.pixels,), 9.0) for _ in range(self.info.outputs)])

    def phases(self, task, streams):
        for label in task.classes:
            yield Fit(f"density {label}", self.module(), Shuffled(task.train, 32), self.fit(label))

    def module(self):
        return self.means

    def fit(self, label):
        def fit(examples, rng):
            self.means[label].copy_(examples.x[examples.y == label].flatten(1).mean(0))

        return fit

    def predict(self, x):
        return -torch.cdist(x.flatten(1), torch.stack([*self.means]))


class Forgotten(Likelihood):
    """One density a class, which no state tells of.

    Source: none; a test.
    """

    def new_means(self):
        return [torch.full((self.info.pixels,), 9.0) for _ in range(self.info.outputs)]

    def module(self):
        return nn.Identity()


class Feedback(Perceptron):
    """A classifier that also gives images back.

    Source: none; a test.
    """

    def __init__(self, config, info):
        super().__init__(config, info)
        self.shape = info.shape
        self.back = nn.Linear(info.outputs, info.pixels)
        self.back.requires_grad_(False)

    def images(self, y, rng):
        noise = torch.rand((len(y), self.back.in_features), generator=rng, device=rng.device)
        return self.back(noise.scatter(1, y[:, None], 5.0)).sigmoid().view(-1, *self.shape)


class ReplayThroughFeedback(Strategy):
    """One network classifies and generates.

    Source: van de Ven & Tolias 2018, arXiv 1809.10635.
    """

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        if not isinstance(parts.classifier, Feedback):
            raise ConfigError("It needs a classifier that gives images back.")

    def phases(self, task, streams):
        yield self.classifier_phase(Shuffled(task.train, 32), QUICK)

    def preview(self, n, streams):
        labels = torch.arange(n) % self.info.outputs
        return Examples(self.parts.classifier.images(labels, streams.generator("preview")), labels)


class Discriminant(Classifier):
    """Linear discriminant analysis on pixels, which its strategy fits.

    Source: none; a test.
    """

    def __init__(self, config, info):
        super().__init__()
        self.config = config
        self.register_buffer("means", torch.zeros(info.outputs, info.pixels))
        self.register_buffer("counts", torch.zeros(info.outputs))

    def forward(self, x):
        return -torch.cdist(x.flatten(1), self.means).masked_fill(self.counts == 0, 1e3)


class StreamingLDA(Strategy):
    """Updates a mean a class, an image at a time.

    Source: Hayes & Kanan 2020, arXiv 1909.01520.
    """

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        if not isinstance(parts.classifier, Discriminant):
            raise ConfigError("It needs a classifier with means.")

    def phases(self, task, streams):
        yield Fit("classifier", self.parts.classifier, Shuffled(task.train, 32), self.fit)

    def fit(self, examples, rng):
        classifier = self.parts.classifier
        for x, y in zip(examples.x.flatten(1), examples.y, strict=True):
            classifier.counts[y] += 1
            classifier.means[y] += (x - classifier.means[y]) / classifier.counts[y]


class OnlyClassIncremental(EWC):
    """One that a setting is not defined for.

    Source: none; a test.
    """

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        if info.setting != "class":
            raise ConfigError(f"It is not defined for {info.setting}-incremental tasks.")


class OnlyTaskIncremental(EWC):
    """One that the usual setting is not defined for.

    Source: none; a test.
    """

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        if info.setting != "task":
            raise ConfigError("It has a head a task.")


class Expanding(Perceptron):
    """A column of units more for every task.

    Source: Rusu et al. 2016, arXiv 1606.04671.
    """

    has_features = False

    def __init__(self, config, info):
        super().__init__(config, info)
        self.columns = nn.ModuleList()

    def begin_task(self, classes):
        self.columns.append(nn.Linear(self.hidden.in_features, self.head.out_features))

    def forward(self, x):
        return super().forward(x) + sum(column(x.flatten(1)) for column in self.columns)


class LookingBack(ReplaySchedule):
    """Replays more of what was forgotten.

    Source: none; a test.
    """

    def count(self, completed, current, past):
        return round(current * (1 - past.accuracy[-1][0])) + past.replayed[-1] // 2 + 3


class Rehearsal(Strategy):
    """Trains on some stored images of each class beside those of the task.

    Source: Robins 1995, DOI 10.1080/09540099550039318.
    """

    slots = ("classifier", "schedule")

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        self.buffer = Buffer(30, info, self.device)

    def phases(self, task, streams):
        replayed = self.buffer.draw(self.replay_count(task.index, len(task.train)), streams.generator("replay"))
        yield self.classifier_phase(Shuffled(Examples.concat([task.train, replayed]), 32), QUICK)
        self.buffer.add(task, streams)

    def replay_count(self, completed, current):
        return total(self.scheduled(completed, current))


class Adversarial(Strategy):
    """Trains two networks by steps of its own, each with an optimizer.

    Source: none; a test.
    """

    def __init__(self, config, info, parts):
        super().__init__(config, info, parts)
        self.critic = nn.Linear(info.outputs, 1)

    def phases(self, task, streams):
        classifier, batches = self.parts.classifier, Shuffled(task.train, 32)
        optimizers = {
            "classifier": torch.optim.Adam(classifier.parameters(), lr=1e-2),
            "critic": torch.optim.SGD(self.critic.parameters(), lr=1e-3, momentum=0.9),
        }

        def step(batch, rng):
            logits = classifier(batch.x)
            noise = torch.rand(logits.shape, generator=rng, device=rng.device)
            self.descend(optimizers["critic"], self.critic(noise).mean() - self.critic(logits.detach()).mean())
            loss = classification_loss(logits, batch, self._masked).mean()
            self.descend(optimizers["classifier"], loss + 1e-3 * self.critic(logits).mean())
            return loss.detach()

        modules = nn.ModuleList([classifier, self.critic])
        yield Step("both", modules, batches, step, QUICK, optimizers)

    def descend(self, optimizer, loss):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


test_ewc = conformance_tests(EWC)
test_icarl = conformance_tests(ICaRL)
test_nearest_mean = conformance_tests(NearestMean)
test_likelihood = conformance_tests(Likelihood)
test_feedback = conformance_tests(ReplayThroughFeedback, parts={"classifier": (Feedback, {})})
test_feedback_network = conformance_tests(Feedback)
test_expanding = conformance_tests(EWC, parts={"classifier": Expanding})
test_expanding_network = conformance_tests(Expanding)
test_looking_back = conformance_tests(LookingBack)
test_rehearsal = conformance_tests(Rehearsal, parts={"schedule": LookingBack})
test_adversarial = conformance_tests(Adversarial)
test_lda = conformance_tests(StreamingLDA, parts={"classifier": Discriminant})
test_discriminant = conformance_tests(Discriminant)
test_class_incremental = conformance_tests(OnlyClassIncremental)
test_task_incremental = conformance_tests(OnlyTaskIncremental)


def test_a_strategy_without_its_companion_fails_once(failing):
    assert failing(StreamingLDA) == {"builds"}


def test_a_companion_takes_settings():
    class Generative(EWC):
        """Source: none."""

        slots = ("classifier", "generator")

        def phases(self, task, streams):
            assert self.parts.generator.config.patterns == 3
            yield from super().phases(task, streams)

    parts = {"generator": (Mixture, {"patterns": 3})}
    dict(checks_of(Generative, parts=parts))["learns-class-incrementally"]()
    with pytest.raises(ConformanceError):
        dict(checks_of(Generative))["learns-class-incrementally"]()


def test_what_is_given_comes_before_what_is_needed(failing):
    assert failing(ICaRL, parts={"classifier": Perceptron}) == {"builds"}


def test_models_that_no_state_tells_of_are_found(failing):
    assert "resumes-exactly" in failing(Forgotten)


def test_an_order_that_is_lost_is_found(failing):
    def restore(self, state):
        ICaRL.load_state_dict(self, dict(sorted(state.items())))

    assert failing(ICaRL, load_state_dict=restore) == {"resumes-exactly"}


def test_exemplars_that_are_not_counted_are_found(failing):
    found = failing(ICaRL, buffer_bytes=lambda self: 0)
    assert found == {"stored-samples-are-counted"}


def test_what_is_lost_after_the_second_task_alone_is_found(failing):
    def state_dict(self):
        return dict([*ICaRL.state_dict(self).items()][:2])

    assert failing(ICaRL, state_dict=state_dict) == {"resumes-exactly"}


def test_scores_of_another_width_are_found(failing):
    def predict(self, x):
        return torch.nn.functional.pad(Likelihood.predict(self, x), (0, 1), value=-1e3)

    assert "predicts-each-sample-alone" in failing(Likelihood, predict=predict)


@pytest.mark.parametrize(
    "change",
    [
        lambda scores: scores + torch.rand(scores.shape, generator=_unseeded()),
        lambda scores: scores - scores.mean(0),
        lambda scores: scores / 0 * 0,
    ],
)
def test_scores_that_depend_on_more_than_the_sample_are_found(failing, change):
    found = failing(Likelihood, predict=lambda self, x: change(Likelihood.predict(self, x)))
    assert "predicts-each-sample-alone" in found


def _unseeded():
    rng = torch.Generator()
    rng.seed()
    return rng


def test_a_setting_that_is_refused_is_not_tried():
    checks = dict(checks_of(OnlyClassIncremental))
    with pytest.raises(NotRunError, match="it refuses this setting: It is not defined for domain-incremental tasks"):
        checks["learns-domain-incrementally"]()


def test_an_optimizer_that_is_not_kept_is_found(failing):
    def phases(self, task, streams):
        for phase in Adversarial.phases(self, task, streams):
            yield replace(phase, optimizers={})

    assert failing(Adversarial, phases=phases) == {"resumes-exactly"}
