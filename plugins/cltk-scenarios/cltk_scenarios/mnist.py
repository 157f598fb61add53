"""Split MNIST."""

from __future__ import annotations

from typing import final

from cltk_scenarios.archive import Archive
from cltk_scenarios.archived import ArchivedSplit

__all__ = ["SplitMNIST"]


@final
class SplitMNIST(ArchivedSplit):
    """Handwritten digits: 60,000 training and 10,000 test images of 28x28 pixels, in 5 tasks of 2 digits by default.

    Source: LeCun et al. 1998, DOI 10.1109/5.726791; the settings: van de Ven & Tolias 2019, arXiv 1904.07734.

    Deviations: none.
    """

    data = "MNIST"
    fallback = "split-digits"
    archive = Archive(
        name="MNIST",
        scenario="split-mnist",
        train_images="f68b3c2dcbeaaa9fbdd348bbdeb94873",
        train_labels="d53e105ee54ea40749a09fcbcd1e9432",
        test_images="9fb629c4189551a2d022fa330f9573f3",
        test_labels="ec29112dd5afa0611ce80d1b7f02629c",
    )
