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


def test_distillation_can_go_without_the_squared_temperature() -> None:
    targets = torch.rand((6, 6), generator=torch.Generator().manual_seed(1)).softmax(1)
    expected = F.cross_entropy(LOGITS / 2, targets, reduction="none")
    torch.testing.assert_close(classification_loss(LOGITS, soft(targets), None, 2.0, is_scaled=False), expected)


def test_distillation_is_exact_under_autocast() -> None:
    targets = torch.rand((6, 6), generator=torch.Generator().manual_seed(1)).softmax(1)
    rounded = LOGITS.bfloat16()
    expected = classification_loss(rounded.float(), soft(targets), None, 2.0)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(classification_loss(rounded, soft(targets), None, 2.0), expected)


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


def within(logits: torch.Tensor, targets: torch.Tensor, first: int) -> torch.Tensor:
    """Cross-entropy of a task of two classes, by hand."""
    pair = slice(first, first + 2)
    return -(targets[:, pair] * F.log_softmax(logits[:, pair], 1)).sum(1)


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_in_the_task_setting_soft_labels_are_taken_within_each_task(temperature: float) -> None:
    """However much of the probability a task has: all of it, a part, none."""
    targets = torch.rand((6, 6), generator=torch.Generator().manual_seed(1)).softmax(1)
    targets[0, 2:] = targets[1, :4] = targets[2, 2:4] = 0
    losses = classification_loss(LOGITS, soft(targets), task_masks(INFO), temperature)
    expected = sum(within(LOGITS / temperature, targets, first) for first in (0, 2, 4)) * temperature**2
    torch.testing.assert_close(losses, expected)


def test_one_label_for_each_task_makes_the_mean_of_their_losses() -> None:
    labels = torch.tensor([[0, 3], [1, 2], [1, 3]])
    targets = F.one_hot(labels, 6).float().mean(1)
    batch = Examples(HARD.x[:3], torch.full((3,), SOFT_ONLY), soft=targets)
    losses = classification_loss(LOGITS[:3], batch, task_masks(INFO))
    each = [
        classification_loss(LOGITS[:3], Examples(HARD.x[:3], labels[:, task]), task_masks(INFO)) for task in range(2)
    ]
    torch.testing.assert_close(losses, (each[0] + each[1]) / 2)


def test_a_task_without_a_target_gets_no_gradient() -> None:
    logits = LOGITS.clone().requires_grad_()
    targets = torch.tensor([0.25, 0.25, 0.5, 0.0, 0.0, 0.0]).expand(6, -1)
    classification_loss(logits, soft(targets), task_masks(INFO), 2.0).sum().backward()
    assert logits.grad is not None
    assert bool((logits.grad[:, 4:] == 0).all())
    assert bool((logits.grad[:, :4] != 0).all())
