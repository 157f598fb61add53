from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import torch

from cltk.errors import DataError, DataUnavailableError
from cltk_scenarios.fashion_mnist import SplitFashionMNIST
from cltk_scenarios.kmnist import SplitKMNIST
from cltk_scenarios.mnist import SplitMNIST

pytestmark = pytest.mark.usefixtures("offline")

Contents = Callable[[Path], dict[str, tuple[int, bytes]]]


def idx(header: tuple[int, ...], values: bytes) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in header)
    return bytes((0, 0, 8, len(header))) + sizes + values


@pytest.mark.parametrize("packed", [True, False])
def test_packed_and_unpacked_files_read_alike(small: Any, tmp_path: Path, packed: bool) -> None:
    train, test = small.archive.load([small.write(tmp_path, packed)])
    assert train.pixels.shape == (30, 28, 28)
    assert test.pixels.shape == (20, 28, 28)
    assert train.pixels.tobytes() == small.files["train_images"][16:]
    assert train.labels.tolist() == [label % 10 for label in range(30)]
    assert torch.equal(train.x(torch.arange(30)), torch.from_numpy(train.pixels.copy())[:, None].float() / 255)


@pytest.mark.parametrize("packed", [True, False])
def test_reading_writes_nothing(small: Any, tmp_path: Path, contents: Contents, packed: bool) -> None:
    small.write(tmp_path, packed)
    before = contents(tmp_path)
    home = tmp_path / "MNIST" / "raw"
    home.chmod(0o555)
    try:
        small.archive.load([tmp_path])
    finally:
        home.chmod(0o755)
    assert contents(tmp_path) == before


def test_folders_are_searched_in_order_for_each_file(small: Any, tmp_path: Path) -> None:
    first, second = small.write(tmp_path / "first"), small.write(tmp_path / "second")
    broken = second / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    broken.write_bytes(b"never read")
    (first / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz").unlink()
    train, _ = small.archive.load([tmp_path / "absent", first, second])
    assert len(train.labels) == 30
    with pytest.raises(DataError, match=str(broken)):
        small.archive.load([second, first])


def test_a_packed_file_comes_before_an_unpacked_one(small: Any, tmp_path: Path) -> None:
    small.write(tmp_path, packed=False, train_images=b"never read")
    small.write(tmp_path, packed=True)
    assert len(small.archive.load([tmp_path])[0].labels) == 30


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data[:-1] + b"\1", lambda data: b""])
def test_a_packed_file_that_fails_its_checksum_is_named(
    small: Any, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    small.write(tmp_path, train_labels=change(small.packed["train_labels"]))
    with pytest.raises(DataError) as caught:
        small.archive.load([tmp_path, small.write(tmp_path / "whole")])
    assert not isinstance(caught.value, DataUnavailableError)
    assert str(tmp_path / "MNIST" / "raw" / "train-labels-idx1-ubyte.gz") in caught.value.problem
    assert f"instead of the published {small.archive.train_labels}" in caught.value.problem
    assert "cltk data fetch split-mnist" in caught.value.advice


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("train_images", idx((30, 28, 28), bytes(30 * 28 * 28 - 1)), "bytes instead of"),
        ("train_images", idx((30,), bytes(30)), "begins with the bytes"),
        ("train_images", idx((30, 8, 8), bytes(30 * 64)), "8x8 instead of 28x28"),
        ("train_labels", idx((29,), bytes(29)), "29 labels for the 30 images"),
        ("test_labels", idx((20,), bytes([10] * 20)), "label 10"),
        (
            "test_labels",
            gzip.compress(b"packed under the name of an unpacked file", mtime=0),
            "begins with the bytes '1f 8b",
        ),
    ],
)
def test_an_unpacked_file_of_another_structure_is_named(
    small: Any, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    small.write(tmp_path, packed=False, **{name: content})
    with pytest.raises(DataError, match=reason) as caught:
        small.archive.load([tmp_path])
    assert getattr(small, name) in caught.value.problem
    assert "cltk data fetch split-mnist" in caught.value.advice


def test_a_file_that_cannot_be_unpacked_is_named_even_if_its_checksum_holds(small: Any, tmp_path: Path) -> None:
    torn = small.packed["train_labels"][:-9]
    archive = replace(small.archive, train_labels=md5(torn, usedforsecurity=False).hexdigest())
    small.write(tmp_path, train_labels=torn)
    with pytest.raises(DataError, match="cannot be unpacked"):
        archive.load([tmp_path])


def test_files_that_others_packed_are_read_where_their_checksums_are_known(small: Any, tmp_path: Path) -> None:
    repacked = gzip.compress(small.files["train_images"], compresslevel=1, mtime=1)
    small.write(tmp_path, train_images=repacked)
    with pytest.raises(DataError, match="instead of the published"):
        small.archive.load([tmp_path])
    archive = replace(small.archive, repacked=(md5(repacked, usedforsecurity=False).hexdigest(),))
    assert len(archive.load([tmp_path])[0].labels) == 30


def test_files_that_are_nowhere_are_unavailable(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    with pytest.raises(DataUnavailableError) as caught:
        SplitMNIST(SplitMNIST.Config(), folders)
    assert all(str(folder) in caught.value.problem for folder in folders)
    assert "CLTK_OFFLINE" in caught.value.problem
    for word in ("cltk data fetch split-mnist", "--data-dir", "CLTK_DATA_DIR"):
        assert word in caught.value.advice
    assert not any(tmp_path.iterdir())


def test_a_folder_that_cannot_be_searched_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Cannot look for") as caught:
        SplitMNIST(SplitMNIST.Config(), [tmp_path / ("long" * 100)])
    assert not isinstance(caught.value, DataUnavailableError)


def test_no_folder_at_all_is_unavailable() -> None:
    with pytest.raises(DataUnavailableError, match="none was given"):
        SplitKMNIST(SplitKMNIST.Config(), [])


@pytest.mark.parametrize("scenario", [SplitMNIST, SplitFashionMNIST, SplitKMNIST])
def test_checksums_are_those_of_torchvision(scenario: type[SplitMNIST]) -> None:
    from torchvision import datasets

    archive = scenario.archive
    files = (*archive.train, *archive.test)
    assert [(file.packed, file.md5) for file in files] == getattr(datasets, archive.name).resources


def test_a_scenario_comes_from_unpacked_files(small: Any, tmp_path: Path) -> None:
    small.write(tmp_path, packed=False)
    (tmp_path / "MNIST").rename(tmp_path / "FashionMNIST")
    scenario = SplitFashionMNIST(
        SplitFashionMNIST.Config(tasks=2, class_order=(9, 8, 7, 6, 5, 4, 3, 2, 1, 0)), [tmp_path]
    )
    assert [task.classes for task in scenario.tasks] == [(9, 8, 7, 6, 5), (4, 3, 2, 1, 0)]
    assert scenario.info.shape == (1, 28, 28)


def test_only_split_mnist_falls_back() -> None:
    assert SplitMNIST.fallback == "split-digits"
    assert SplitFashionMNIST.fallback is None
    assert SplitKMNIST.fallback is None
