"""The four files of a data set in MNIST's format: finding, reading and fetching them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cltk.errors import DataError, DataUnavailableError
from cltk_scenarios.download import download
from cltk_scenarios.images import CLASSES, Images
from cltk_scenarios.published import Published

__all__ = ["Archive"]

SIDE = 28
PEAK = 255

Part = tuple[Published, Published]


@dataclass(frozen=True, slots=True)
class Archive:
    """A data set in torchvision's layout: ``<folder>/<name>/raw/<file>``, with ``.gz`` as published or unpacked.

    Folders are only read, as they may be read-only; torchvision's own classes unpack in place. The checksums are
    torchvision's, and stand here because importing ``torchvision`` takes longer than reading the files.

    Args:
        name: Its class in ``torchvision.datasets``.
        scenario: The scenario that ``cltk data fetch`` knows it by.
        train_images: MD5 of a packed file, and so on.
        train_labels: MD5.
        test_images: MD5.
        test_labels: MD5.
        repacked: The MD5s of the same four files where others packed them.
    """

    name: str
    scenario: str
    train_images: str
    train_labels: str
    test_images: str
    test_labels: str
    repacked: tuple[str, ...] = ()

    @property
    def train(self) -> Part:
        """The images and the labels to train on."""
        return self._part("train", self.train_images, self.train_labels)

    @property
    def test(self) -> Part:
        """The images and the labels to test on."""
        return self._part("t10k", self.test_images, self.test_labels)

    def load(self, folders: Sequence[Path]) -> tuple[Images, Images]:
        """Reads the training and the test part, downloading what is in none of the folders into the last.

        Raises:
            DataUnavailableError: A file is in none of the folders and could not be downloaded.
            DataError: A file is unreadable, truncated, altered, or does not fit the others.
        """
        homes = [self._home(folder) for folder in folders]
        paths = {file: self._locate(file, homes) or self._obtain(file, homes) for file in (*self.train, *self.test)}
        return self._images(self.train, paths), self._images(self.test, paths)

    def state(self, folders: Sequence[Path]) -> str:
        """The folder that the files are in, or how many of them are missing."""
        homes = [self._home(folder) for folder in folders]
        paths = [self._locate(file, homes) for file in (*self.train, *self.test)]
        found = [path for path in paths if path is not None]
        if len(found) < len(paths):
            return f"missing {len(paths) - len(found)} of {len(paths)} files"
        return f"in {', '.join(sorted({str(path.parent) for path in found}))}"

    def fetch(self, folder: Path) -> None:
        """Downloads what is missing from ``folder`` or broken there.

        Raises:
            DataError: The download failed, or the folder cannot be read or written.
        """
        home = self._home(folder)
        for file in (*self.train, *self.test):
            path = self._locate(file, [home])
            if path is None or not file.is_whole(path):
                download(self.name, file.packed, file.md5, home)

    def _part(self, prefix: str, images: str, labels: str) -> Part:
        return (
            Published(f"{prefix}-images-idx3-ubyte", images, self.repacked, dimensions=3),
            Published(f"{prefix}-labels-idx1-ubyte", labels, self.repacked, dimensions=1),
        )

    def _home(self, folder: Path) -> Path:
        return folder / self.name / "raw"

    def _locate(self, file: Published, homes: Sequence[Path]) -> Path | None:
        try:
            return file.find(homes)
        except OSError as error:
            raise DataError(f"Cannot look for '{file.packed}': {error}.", "Make the folder readable.") from error

    def _obtain(self, file: Published, homes: Sequence[Path]) -> Path:
        searched = ", ".join(f"'{home}'" for home in homes) or "none was given"
        missing = f"The file '{file.packed}' of {self.name} is in none of the folders searched ({searched})."
        advice = (
            f"Type 'cltk data fetch {self.scenario}' where there is a network, or name the folder that holds "
            f"'{self.name}/raw' with --data-dir or CLTK_DATA_DIR."
        )
        if not homes:
            raise DataUnavailableError(missing, advice)
        try:
            download(self.name, file.packed, file.md5, homes[-1])
        except DataError as error:
            raise DataUnavailableError(f"{missing} {error.problem}", advice) from error
        return homes[-1] / file.packed

    def _images(self, part: Part, paths: dict[Published, Path]) -> Images:
        images, labels = (self._read(file, paths[file]) for file in part)
        image_path, label_path = (paths[file] for file in part)
        if images.shape[1:] != (SIDE, SIDE):
            shape = "x".join(str(side) for side in images.shape[1:])
            raise self._broken(image_path, f"its images are {shape} instead of {SIDE}x{SIDE}")
        if len(images) != len(labels):
            raise self._broken(
                label_path, f"it has {len(labels)} labels for the {len(images)} images of '{image_path}'"
            )
        if labels.max(initial=0) >= CLASSES:
            raise self._broken(label_path, f"it has the label {labels.max()}, but labels end at {CLASSES - 1}")
        return Images(images, labels, PEAK)

    def _read(self, file: Published, path: Path) -> NDArray[np.uint8]:
        try:
            return file.read(path)
        except OSError as error:
            raise DataError(f"Cannot read '{path}': {error}.", "Make the file readable.") from error
        except ValueError as error:
            raise self._broken(path, str(error)) from error

    def _broken(self, path: Path, what: str) -> DataError:
        return DataError(
            f"The data file '{path}' is truncated or altered: {what}.",
            f"Delete it and type 'cltk data fetch {self.scenario}'.",
        )
