"""The replay buffer: balanced, never too large, and the same as what was put in."""

from __future__ import annotations

from itertools import accumulate
from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cltk.errors import ConfigError
from cltk.interfaces import Buffer, Examples, ScenarioInfo, Streams, Task, require_capacity

CPU = torch.device("cpu")
SHAPE = (1, 2, 2)

tasks_of_counts = st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=3), min_size=1, max_size=4)


def make_task(index: int, counts: list[int], first_label: int) -> Task:
    labels = torch.cat([torch.full((count,), first_label + k) for k, count in enumerate(counts)])
    images = torch.rand((len(labels), *SHAPE), generator=torch.Generator().manual_seed(index))
    examples = Examples(images, labels)
    return Task(index, tuple(labels.unique().tolist()), examples, examples[:0], examples[:1])


def info_of(counts: list[list[int]], shared: bool = False, value_bytes: Literal[1, 4] = 1) -> ScenarioInfo:
    firsts = [0] * len(counts) if shared else [*accumulate(map(len, counts), initial=0)]
    classes = tuple(tuple(range(first, first + len(task))) for first, task in zip(firsts, counts, strict=False))
    sizes, setting = tuple(map(sum, counts)), "domain" if shared else "class"
    return ScenarioInfo(SHAPE, 1 + max(map(max, classes)), sizes, classes, setting, value_bytes)  # type: ignore[arg-type]


def filled(counts: list[list[int]], capacity: int, shared: bool = False, seed: int = 0) -> Buffer:
    buffer, first = Buffer(capacity, info_of(counts, shared), CPU), 0
    for index, task in enumerate(counts):
        buffer.add(make_task(index, task, first), Streams(seed).at("task", index))
        assert len(buffer) <= capacity
        first += 0 if shared else len(task)
    return buffer


@given(tasks_of_counts, st.integers(1, 80))
def test_it_is_as_full_and_as_balanced_as_it_can_be(counts: list[list[int]], capacity: int) -> None:
    """What a class has less than the fullest one, it lacks because there was no more of it, or it is one."""
    buffer = filled(counts, capacity)
    every = [count for task in counts for count in task]
    assert len(buffer) == min(capacity, sum(every))
    stored = torch.bincount(buffer.all().y, minlength=len(every)).tolist()
    # A class once cut down cannot grow again, so that only the last task's classes are short for want of images alone.
    for have, had in zip(stored, every, strict=True):
        assert have == had or have >= max(stored) - 1


@given(st.integers(1, 80))
def test_tasks_that_share_their_classes_share_the_room(capacity: int) -> None:
    buffer = filled([[20, 20], [20, 20], [20, 20]], capacity, shared=True)
    stored = torch.bincount(buffer.state_dict()["task"], minlength=3)
    assert int(stored.max() - stored.min()) <= 2


@given(st.integers(1, 40), st.integers(1, 6))
def test_classes_of_the_newest_task_are_stored_before_others_have_one_more(capacity: int, tasks: int) -> None:
    """In the source, a sample of a new class takes the place of one of the largest class."""
    counts = torch.bincount(filled([[20, 20]] * tasks, capacity).all().y, minlength=2 * tasks)
    assert int(counts[-2:].sum()) >= min(capacity, 2)
    assert int(counts[-2:].max()) == int(counts.max())


def test_of_classes_of_one_task_none_is_preferred() -> None:
    larger = [int(torch.bincount(filled([[20, 20]], 5, seed=seed).all().y).argmax()) for seed in range(20)]
    assert set(larger) == {0, 1}


@pytest.mark.parametrize("capacity", [1, 9])
def test_less_room_than_one_image_a_class_is_refused(capacity: int) -> None:
    info = ScenarioInfo(SHAPE, 10, (5,) * 5, tuple((2 * task, 2 * task + 1) for task in range(5)), "class")
    require_capacity(10, info)
    with pytest.raises(ConfigError, match=rf"{capacity} images is too small for the 10 classes"):
        require_capacity(capacity, info)


def test_its_bytes_are_one_a_pixel_and_eight_a_label() -> None:
    assert filled([[20, 20]], 10).bytes == 10 * (4 + 8)
    assert Buffer(10, info_of([[20, 20]]), CPU).bytes == 0


def test_tasks_are_stored_and_weighed_where_labels_do_not_tell_them() -> None:
    assert filled([[20, 20], [20, 20]], 10).bytes == 10 * (4 + 8)
    assert filled([[20, 20], [20, 20]], 10, shared=True).bytes == 10 * (4 + 8 + 8)


def test_values_that_are_not_to_be_rounded_come_back_as_they_were() -> None:
    task, info = make_task(0, [5, 5], 0), info_of([[5, 5]], value_bytes=4)
    buffer = Buffer(10, info, CPU)
    buffer.add(task, Streams(0))
    given = {tuple(image.flatten().tolist()) for image in task.train.x}
    assert {tuple(image.flatten().tolist()) for image in buffer.all().x} == given
    assert buffer.bytes == info.data_bytes == 10 * (4 * 4 + 8)


def test_images_come_back_to_within_half_a_step() -> None:
    task = make_task(0, [5, 5], 0)
    buffer = Buffer(10, info_of([[5, 5]]), CPU)
    buffer.add(task, Streams(0))
    for image, label in zip(buffer.all().x, buffer.all().y, strict=True):
        distances = (task.train.x - image).abs().flatten(1).max(1).values
        assert distances.min() <= 0.5 / 255 + 1e-6
        assert task.train.y[distances.argmin()] == label


def test_what_is_kept_is_random_and_repeatable() -> None:
    one, again, other = (filled([[30, 30]], 10, seed=seed).all().x for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("n", [0, 1, 50])
def test_draws_are_from_what_is_stored(n: int) -> None:
    buffer = filled([[5, 5]], 4)
    drawn = buffer.draw(n, torch.Generator().manual_seed(0))
    stored = {tuple(image.flatten().tolist()) for image in buffer.all().x}
    assert len(drawn) == n
    assert {tuple(image.flatten().tolist()) for image in drawn.x} <= stored


def test_nothing_can_be_drawn_of_nothing() -> None:
    assert len(Buffer(3, info_of([[5]]), CPU).draw(0, torch.Generator())) == 0


def test_its_state_goes_into_another() -> None:
    info, tasks = info_of([[5, 5], [5], [4]]), (make_task(0, [5, 5], 0), make_task(1, [5], 2))
    one, other = Buffer(6, info, CPU), Buffer(6, info, CPU)
    for task in tasks:
        one.add(task, Streams(0))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one.all().x, other.all().x)
    following = make_task(2, [4], 3)
    for buffer in (one, other):
        buffer.add(following, Streams(0))
    assert torch.equal(one.all().y, other.all().y)
