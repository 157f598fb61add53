"""Experience replay from a buffer of stored images."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, PositiveInt

from cltk.config import Settings
from cltk.interfaces import Buffer, Examples, Parts, Phase, ScenarioInfo, Strategy, Streams, Task, Training
from cltk_replay.mixing import Replay, mix

__all__ = ["ExperienceReplay"]


class ExperienceReplay(Strategy):
    """Trains a classifier on the current task and on stored images of the earlier ones.

    The buffer holds as many images of each class as there is room for and is filled when a task is over.

    Source: Rolnick et al. 2019, arXiv 1811.11682; Chaudhry et al. 2019, arXiv 1902.10486, for the class-balanced
    buffer.

    Deviations: how many samples are replayed, and with which weight, is up to the schedule and to ``replay``, as in
    generative replay, so that both can be compared.
    """

    slots = ("classifier", "schedule")

    class Config(Settings):
        """Buffer, replay and the classifier's budget."""

        buffer: PositiveInt = Field(500, description="number of stored images k")
        replay: Replay = Field(Replay(), description="how replayed samples join the task")
        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config
    buffer: Buffer

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.buffer = Buffer(config.buffer, info.shape, self.device)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the classifier's phase, then stores a part of the task."""
        training, replay = self.config.classifier, self.config.replay
        count = self.replay_count(task.index, len(task.train))
        weights = replay.weights(task.index, len(task.train), count)
        source = self.buffer.draw(count, streams.generator("replay")) if replay.refresh == "task" else self.buffer.draw
        batches = mix(task.train, source, count, training.batch_size, weights)
        yield self.classifier_phase(batches, training)
        self.buffer.add(task, streams)

    def replay_count(self, completed: int, current: int) -> int:
        """What the schedule says; 0 at the first task."""
        return self.parts.schedule.count(completed, current) if completed else 0

    def work(self, completed: int, current: int) -> int:
        """Training of the classifier on current and replayed samples."""
        training, count = self.config.classifier, self.replay_count(completed, current)
        steps = self.config.replay.steps(current, count, training.batch_size)
        return training.work(self.parts.classifier, current + count, steps)

    def preview(self, n: int, streams: Streams) -> Examples:
        """Samples of the buffer as it is now."""
        return self.buffer.draw(n, streams.generator("preview"))
