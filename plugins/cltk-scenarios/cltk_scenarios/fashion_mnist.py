"""Split Fashion-MNIST."""

from __future__ import annotations

from typing import final

from cltk_scenarios.archive import Archive
from cltk_scenarios.archived import ArchivedSplit

__all__ = ["SplitFashionMNIST"]


@final
class SplitFashionMNIST(ArchivedSplit):
    """Articles of clothing: 60,000 training and 10,000 test images of 28x28 pixels, in 5 tasks of 2 classes by default.

    Source: Xiao, Rasul & Vollgraf 2017, arXiv 1708.07747; the settings: van de Ven & Tolias 2019, arXiv 1904.07734.

    Deviations: none.
    """

    data = "Fashion-MNIST"
    archive = Archive(
        name="FashionMNIST",
        scenario="split-fashion-mnist",
        train_images="8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        train_labels="25c81989df183df01b3e8a0aad5dffbe",
        test_images="bef4ecab320f06d8554ea6380940ec79",
        test_labels="bb300cfdad3c16e7a12a480ee83cd310",
        # Of Debian's package dataset-fashion-mnist, which leaves the names of the files out of them.
        repacked=(
            "cf8536b0aa1a6ac5fa3f23001093305c",
            "10bea18fdb374794d4bb42e356e600c9",
            "f78720b4224f21cce2f2ccf2d7a94c9a",
            "0d30e22e447f3c33dab9ed536400ac01",
        ),
    )
