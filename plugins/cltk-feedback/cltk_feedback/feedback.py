"""Replay through feedback."""

from __future__ import annotations

from cltk.interfaces import Parts, Published, ScenarioInfo
from cltk_feedback.joint import JointReplay
from cltk_feedback.settings import NetworkSettings

__all__ = ["FeedbackReplay"]


class FeedbackReplay(JointReplay):
    """Trains one network to classify and to generate, and replays from a frozen copy of it.

    The network is a variational autoencoder whose classifier reads the last hidden layer of the encoder. It learns
    reconstruction, divergence and cross-entropy on the current task, and the same with distillation on replay.

    Source: van de Ven & Tolias 2018, arXiv 1809.10635, "replay-through-feedback (RtF)".

    Deviations: the last batch of an epoch may be a smaller one, where the published code leaves it out.
    """

    published = (
        Published(
            "class-incremental Split MNIST",
            0.9256,
            "van de Ven & Tolias 2018, arXiv 1809.10635",
            study="published-split-mnist",
            cell="replay through feedback",
        ),
    )

    class Config(NetworkSettings):
        """Sizes, replay and budget; by default those of the paper for Split MNIST."""

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
