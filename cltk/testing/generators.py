"""What a generator promises."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from cltk.interfaces import SOFT_ONLY, Generator
from cltk.testing.components import common_checks, result_checks
from cltk.testing.defects import require
from cltk.testing.learning import LEARNING
from cltk.testing.networks import BATCH, build, exercise, info_for, learn, ready, rng_of, state_of, taught_by
from cltk.testing.outcome import require_equal
from cltk.testing.sequences import SHAPES, batch_of
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

MANY = 64


def loss_is_one_number_a_sample(subject: Subject) -> None:
    """The loss of B samples has the shape (B,), a floating type and finite values, in training and in evaluation."""
    info = info_for(subject)
    generator = _ready(subject)
    for n in (1, BATCH):
        batch = batch_of(info, n)
        for training in (False, True) if taught_by(generator, info) == "descent" else (False,):
            loss = generator.train(training).loss(batch.x, batch.y, rng_of(0))
            fix = f"Sum over all dimensions but the first, and do not average: return ({n},)."
            require(tuple(loss.shape) == (n,), f"for {n} samples its shape is {tuple(loss.shape)}", fix)
            require(loss.is_floating_point(), f"its type is {loss.dtype}", "Return a floating type.")
            require(bool(loss.isfinite().all()), f"it is {loss.tolist()}", "Keep logarithms and quotients from zero.")


def samples_of_any_number(subject: Subject) -> None:
    """sample(n) has the shape (n, C, H, W) and the type float32, for n = 0, 1 and 7."""
    for shape in SHAPES:
        generator = ready(subject, info_for(subject, shape)).eval()
        assert isinstance(generator, Generator)
        for n in (0, 1, BATCH):
            x, expected = generator.sample(n, rng_of(0)), (n, *shape)
            came = f"sample({n}) has the shape {tuple(x.shape)} instead of {expected}"
            require(tuple(x.shape) == expected, came, "Return n images of info.shape, 0 of them too.")
            require(x.dtype == torch.float32, f"sample({n}) is {x.dtype}", "End with .float().")


def samples_lie_in_range(subject: Subject) -> None:
    """Samples lie in [0, 1], before and after training."""
    generator = _ready(subject).eval()
    for when in ("before", "after"):
        x = generator.sample(MANY, rng_of(0)).detach()
        low, high = float(x.min()), float(x.max())
        fix = "End with a sigmoid, or clamp."
        require(0 <= low <= high <= 1, f"{when} training they lie in [{low:.6g}, {high:.6g}]", fix)
        learn(generator, info_for(subject))
        generator.eval()


def sampling_follows_its_stream(subject: Subject) -> None:
    """The same stream gives the same samples, another one gives others."""
    generator = _ready(subject).eval()
    first, again, other = (generator.sample(BATCH, rng_of(seed)).detach() for seed in (0, 0, 1))
    fix = "Draw from rng, from it alone: torch.randn(..., generator=rng, device=rng.device)."
    require_equal({"sample": first}, {"sample": again}, "the same stream gave other samples", fix)
    require(not torch.equal(first, other), "another stream gave the same samples", fix)


def sampling_changes_nothing(subject: Subject) -> None:
    """In evaluation mode, neither sample nor loss changes a parameter or a buffer."""
    generator, batch = _ready(subject).eval(), batch_of(info_for(subject), BATCH)
    before = state_of(generator)
    generator.sample(BATCH, rng_of(0))
    generator.loss(batch.x, batch.y, rng_of(0))
    fix = "Change state in training mode alone."
    require_equal(before, state_of(generator), "the state changed", fix)


def scores_are_deterministic(subject: Subject) -> None:
    """A ``score`` of its own gives B finite values, the same again, each of its image alone, and changes nothing."""
    if subject.cls.score is Generator.score:
        return
    generator, batch = _ready(subject).train(), batch_of(info_for(subject), BATCH)
    before = state_of(generator)
    first, again = generator.score(batch.x, batch.y), generator.score(batch.x, batch.y)
    came = f"for {BATCH} images it gives {tuple(first.shape)} {first.dtype}, {first.tolist()}"
    sound = tuple(first.shape) == (BATCH,) and first.is_floating_point() and bool(first.isfinite().all())
    require(sound, came, f"Return a finite value an image: ({BATCH},).")
    fix = "Draw the same numbers for each image, from a generator that is seeded anew; be in evaluation mode meanwhile."
    require_equal({"score": first}, {"score": again}, "the second answer differs", fix)
    alone = torch.cat([generator.score(batch.x[i : i + 1], batch.y[i : i + 1]) for i in range(BATCH)])
    require(torch.allclose(first, alone, rtol=1e-4, atol=1e-4), "an image alone has another score", fix)
    require(generator.training, "it left evaluation mode on", "Put the mode back: with evaluating(self).")
    require_equal(before, state_of(generator), "the state changed", "Change state in training mode alone.")


def labels_are_as_declared(subject: Subject) -> None:
    """``labels`` is "hard" or "none", and with "none" the labels play no part."""
    declared: Any = subject.cls.labels
    require(declared in ("hard", "none"), f"labels is {declared!r}", 'Write labels = "hard" or labels = "none".')
    if declared == "none":
        generator, batch = _ready(subject).eval(), batch_of(info_for(subject), BATCH)
        blank = torch.full_like(batch.y, SOFT_ONLY)
        own, other = ({"loss": generator.loss(batch.x, y, rng_of(0)).detach()} for y in (batch.y, blank))
        fix = 'Write labels = "hard" in the class, or leave y alone: it means nothing.'
        require_equal(own, other, "the loss changes with the labels", fix)


def problems_are_sentences(subject: Subject) -> None:
    """``problems`` gives a sequence of sentences, for an untrained network too."""
    found = _ready(subject).eval().problems(batch_of(info_for(subject), BATCH).x)
    plain = not isinstance(found, str | Tensor) and all(isinstance(problem, str) and problem for problem in found)
    require(plain, f"it gave {found!r}", "Return a tuple of str, empty where nothing is wrong.")


def _ready(subject: Subject) -> Generator:
    generator = ready(subject, info_for(subject))
    assert isinstance(generator, Generator)
    return generator


CHECKS: tuple[Body, ...] = (
    *common_checks(build),
    loss_is_one_number_a_sample,
    samples_of_any_number,
    samples_lie_in_range,
    sampling_follows_its_stream,
    sampling_changes_nothing,
    scores_are_deterministic,
    labels_are_as_declared,
    problems_are_sentences,
    *LEARNING,
    *result_checks(exercise),
)
