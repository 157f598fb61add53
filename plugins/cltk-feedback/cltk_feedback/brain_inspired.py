"""Brain-inspired replay."""

from __future__ import annotations

from pydantic import Field

from cltk.errors import ConfigError
from cltk.interfaces import Parts, Published, ScenarioInfo
from cltk_feedback.joint import JointReplay
from cltk_feedback.settings import NetworkSettings

__all__ = ["BrainInspiredReplay"]


class BrainInspiredReplay(JointReplay):
    """Replay through feedback with a prior and decoder gates of each class.

    Classes to replay are drawn evenly, and an image of each is generated. Each part can be turned off: the shared
    network (``feedback``), the prior (``conditional``), the gates (``gates = 0``) and distillation
    (``replay.labels = "hard"``).

    Source: van de Ven, Siegelmann & Tolias 2020, DOI 10.1038/s41467-020-17866-2.

    Deviations: no internal replay, which needs convolutional layers that were trained beforehand. The last batch of an
    epoch may be a smaller one, where the published code leaves it out. In the domain-incremental setting gates belong
    to classes, as in the code of the paper; in that of van de Ven, Tuytelaars & Tolias 2022 they belong to tasks.
    """

    published = (
        Published(
            "class-incremental Split MNIST, with gates of 0.1",
            0.9441,
            "van de Ven, Tuytelaars & Tolias 2022, DOI 10.1038/s42256-022-00568-3",
            study="published-split-mnist",
            cell="brain-inspired replay",
        ),
    )

    class Config(NetworkSettings):
        """Sizes, parts, replay and budget."""

        feedback: bool = Field(True, description="the classifier reads the encoder; else it has layers of its own")
        conditional: bool = Field(True, description="a Gaussian prior for each class; else one for all")
        gates: float = Field(
            0.8,
            ge=0,
            lt=1,
            description="share of the decoder's hidden units that a class switches off: 0.8 in the code of the paper, "
            "0.1 in that of van de Ven, Tuytelaars & Tolias 2022; 0 for no gates",
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        if not config.feedback and (config.conditional or config.gates):
            raise ConfigError(
                "A prior or gates of each class need the classifier to read the encoder, as in the published code.",
                "Set strategy.conditional = false and strategy.gates = 0, or leave strategy.feedback = true.",
            )
        super().__init__(
            config,
            info,
            parts,
            conditional=config.conditional,
            gates=config.gates,
            shares_encoder=config.feedback,
        )
