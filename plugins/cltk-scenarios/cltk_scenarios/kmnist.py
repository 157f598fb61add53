"""Split KMNIST."""

from __future__ import annotations

from typing import final

from cltk_scenarios.archive import Archive
from cltk_scenarios.archived import ArchivedSplit

__all__ = ["SplitKMNIST"]


@final
class SplitKMNIST(ArchivedSplit):
    """Cursive Japanese characters: 60,000 training and 10,000 test images of 28x28 pixels, in 5 tasks of 2 by default.

    Source: Clanuwat et al. 2018, arXiv 1812.01718; the settings: van de Ven & Tolias 2019, arXiv 1904.07734.

    Deviations: none.
    """

    data = "KMNIST"
    archive = Archive(
        name="KMNIST",
        scenario="split-kmnist",
        train_images="bdb82020997e1d708af4cf47b453dcf7",
        train_labels="e144d726b3acfaa3e44228e80efcd344",
        test_images="5c965bf0a639b31b8f53240b1b52f4d7",
        test_labels="7320c461ea6c1c855c0b718fb2a4b134",
    )
