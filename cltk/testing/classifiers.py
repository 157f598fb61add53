"""What a classifier promises."""

from __future__ import annotations

from itertools import product

import torch

from cltk.interfaces import Classifier, ScenarioInfo, Streams
from cltk.testing.components import common_checks, result_checks
from cltk.testing.defects import require
from cltk.testing.learning import LEARNING
from cltk.testing.networks import BATCH, build, exercise, info_for, ready, settings_of
from cltk.testing.outcome import require_equal
from cltk.testing.sequences import batch_of, info_of
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

TOLERANCE = 1e-4
"""Matrix products of another size round differently; a dependence on the other samples is larger."""


def logits_for_any_number(subject: Subject) -> None:
    """The logits are finite, of shape (B, K), K = info.outputs, for B = 0, 1 and 7, in each setting that it takes.

    So are they before the first task, when no class has been told.
    """
    for setting in settings_of(subject):
        info = info_of(setting=setting)
        for classifier, n in product((_new(subject, info), _ready(subject, info)), (0, 1, BATCH)):
            logits, expected = classifier.eval()(batch_of(info, n).x), (n, info.outputs)
            came = f"for {n} samples their shape is {tuple(logits.shape)} instead of {expected}"
            require(tuple(logits.shape) == expected, came, "Return one row a sample and info.outputs columns.")
            require(logits.is_floating_point(), f"their type is {logits.dtype}", "Return a floating type.")
            require(bool(logits.isfinite().all()), "some are not finite", "Return logits, not logarithms of zero.")


def trains_on_one_sample(subject: Subject) -> None:
    """In training mode a batch may hold a single sample, as the last one of an epoch does at times."""
    info = info_for(subject)
    classifier = _ready(subject, info).train()
    with Streams(0).scope("global"):
        logits = classifier(batch_of(info, 1).x)
    fix = "Normalise over something else than the batch alone."
    require(bool(logits.isfinite().all()), f"the logits are {logits.tolist()}", fix)


def evaluation_is_deterministic(subject: Subject) -> None:
    """In evaluation mode the same images give the same logits."""
    info = info_for(subject)
    classifier, x = _ready(subject, info).eval(), batch_of(info, BATCH).x
    first, again = ({"logits": classifier(x).detach()} for _ in range(2))
    require_equal(first, again, "the second answer differs", "Switch dropout and noise off unless self.training.")


def evaluation_is_per_sample(subject: Subject) -> None:
    """In evaluation mode the logits of a sample do not depend on the other samples of its batch."""
    info = info_for(subject)
    classifier, x = _ready(subject, info).eval(), batch_of(info, BATCH).x
    together = classifier(x).detach()
    alone = torch.cat([classifier(x[index : index + 1]).detach() for index in range(BATCH)])
    apart = float((together - alone).abs().max())
    fix = "Use no statistic of the batch in evaluation mode; batch normalisation has running ones."
    require(apart <= TOLERANCE * (1 + float(alone.abs().max())), f"they differ by {apart:.3g}", fix)


def features_and_head_make_logits(subject: Subject) -> None:
    """Where ``has_features`` is True, ``head(features(x))`` is ``forward(x)``, and the features have shape (B, F)."""
    if not subject.cls.has_features:
        return
    info = info_for(subject)
    classifier, x = _ready(subject, info).eval(), batch_of(info, BATCH).x
    features = classifier.features(x)
    came = f"for {BATCH} samples their shape is {tuple(features.shape)}"
    require(features.dim() == 2 and len(features) == BATCH, came, "Return one row a sample.")
    apart = float((classifier.head(features) - classifier(x)).detach().abs().max())
    require(apart <= TOLERANCE, f"the logits differ by {apart:.3g}", "Write forward as head(features(x)).")


def _new(subject: Subject, info: ScenarioInfo) -> Classifier:
    classifier: Classifier = subject.build(info)
    return classifier


def _ready(subject: Subject, info: ScenarioInfo) -> Classifier:
    classifier = ready(subject, info)
    assert isinstance(classifier, Classifier)
    return classifier


CHECKS: tuple[Body, ...] = (
    *common_checks(build),
    logits_for_any_number,
    trains_on_one_sample,
    evaluation_is_deterministic,
    evaluation_is_per_sample,
    features_and_head_make_logits,
    *LEARNING,
    *result_checks(exercise),
)
