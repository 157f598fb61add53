"""Split digits: a small data set that needs no download."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from cltk_scenarios.division import TenClasses
from cltk_scenarios.images import CLASSES, Images
from cltk_scenarios.split import Split

__all__ = ["SplitDigits"]

SIDE = 8
PEAK = 16
TEST_EVERY = 5


@final
class SplitDigits(Split):
    """The handwritten digits that come with scikit-learn: 1,797 images of 8x8 pixels, in 5 tasks of 2 by default.

    Source: Alpaydin & Kaynak 1998, UCI, DOI 10.24432/C50P49; the settings: van de Ven & Tolias 2019, arXiv 1904.07734.

    Deviations: scikit-learn has only the 1,797 images of the published test part. Of each class every fifth image, in
    the order of the file, is a test image here: 355 in all, leaving 1,442 to train on. So test images are by the same
    writers as training images, which is easier than the published division.
    """

    class Config(TenClasses):
        """How ten classes become tasks, and how much of the training images is used."""

    data = "scikit-learn's digits"

    def _read(self, folders: Sequence[Path]) -> tuple[Images, Images, int]:
        table = _table()
        pixels, labels = table[:, :-1].reshape(-1, SIDE, SIDE), table[:, -1]
        tested = np.zeros(len(labels), dtype=bool)
        for label in range(CLASSES):
            tested[np.flatnonzero(labels == label)[TEST_EVERY - 1 :: TEST_EVERY]] = True
        train, test = (Images(pixels[part], labels[part], PEAK) for part in (~tested, tested))
        return train, test, CLASSES


def _table() -> NDArray[np.uint8]:
    """The images in the order of the file, (1797, 65) uint8: 64 pixels in [0, 16] and the label.

    Read without scikit-learn, whose import takes longer than a task of training.
    """
    spec = find_spec("sklearn")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "datasets", "data", "digits.csv.gz")
        if path.is_file():
            return np.loadtxt(path, delimiter=",").astype(np.uint8)
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    return np.column_stack([digits.data, digits.target]).astype(np.uint8)
