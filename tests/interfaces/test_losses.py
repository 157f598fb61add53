"""The classification loss against PyTorch's own, in each setting."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from cltk.interfaces import SOFT_ONLY, Examples, ScenarioInfo, classification_loss, task_masks

INFO = ScenarioInfo((1, 2, 2), 6, (4, 4, 4), ((0, 1), (2, 3), (4, 5)), "task")
LOGITS = torch.randn((6, 6), generator=torch.Generator().manual_seed(0))
HARD = Examples(torch.zeros(6, 1, 2, 2), torch.arange(6))


def soft(targets: torch.Tensor) -> Examples:
    return Examples(HARD.x, torch.full((6,), SOFT_ONLY), soft=targets)


def test_hard_labels_are_cross_entropy() -> None:
    expected = F.cross_entropy(LOGITS, HARD.y, reduction="none")
    torch.testing.assert_close(classification_loss(LOGITS, HARD), expected)


def test_in_the_task_setting_a_class_competes_within_its_task() -> None:
    masked = task_masks(INFO)
    assert masked is not None
    losses = classification_loss(LOGITS, HARD, masked)
    for label in range(6):
        first = label - label % 2
        pair = LOGITS[label, first : first + 2]
        assert float(losses[label]) == pytest.approx(float(F.cross_entropy(pair, torch.tensor(label % 2))), rel=1e-5)


@pytest.mark.parametrize("setting", ["class", "domain"])
def test_in_the_others_there_is_nothing_to_mask(setting: str) -> None:
    assert task_masks(ScenarioInfo(INFO.shape, 6, INFO.sizes, INFO.classes, setting)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_soft_labels_are_distillation(temperature: float) -> None:
    targets = torch.rand((6, 6), generator=torch.Generator().manual_seed(1)).softmax(1)
    expected = temperature**2 * F.cross_entropy(LOGITS / temperature, targets, reduction="none")
    torch.testing.assert_close(classification_loss(LOGITS, soft(targets), None, temperature), expected)


def test_hard_and_soft_samples_share_a_batch() -> None:
    targets = torch.rand((6, 6), generator=torch.Generator().manual_seed(1)).softmax(1)
    mixed = Examples.concat([Examples(HARD.x, HARD.y, soft=torch.zeros(6, 6)), soft(targets)])
    losses = classification_loss(torch.cat([LOGITS, LOGITS]), mixed, task_masks(INFO), 2.0)
    expected = torch.cat(
        [
            classification_loss(LOGITS, HARD, task_masks(INFO)),
            classification_loss(LOGITS, soft(targets), task_masks(INFO), 2.0),
        ]
    )
    torch.testing.assert_close(losses, expected)
    assert losses.isfinite().all()


def test_masked_units_get_no_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    classification_loss(logits, HARD, task_masks(INFO)).sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert bool((logits.grad[0, 2:] == 0).all())
