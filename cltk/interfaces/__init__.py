"""What a plugin is written against: the kinds of plugin and the values that pass between them."""

from cltk.interfaces.active import Active
from cltk.interfaces.batches import Batches, Shuffled
from cltk.interfaces.buffer import Buffer, require_capacity, to_stored, to_values
from cltk.interfaces.classifier import Classifier
from cltk.interfaces.component import (
    Component,
    Dimension,
    FloatRange,
    IncrementalSetting,
    IntRange,
    OneOf,
    ScenarioInfo,
)
from cltk.interfaces.examples import SOFT_ONLY, UNKNOWN, Examples
from cltk.interfaces.generator import ConditionalGenerator, Generator
from cltk.interfaces.history import History
from cltk.interfaces.labels import LabelledReplay, Labeller
from cltk.interfaces.launcher import Handle, Launcher
from cltk.interfaces.losses import TaskMasks, classification_loss, task_masks
from cltk.interfaces.metric import GroupMetric, Measure, Metric, learned_by
from cltk.interfaces.networks import evaluating, freeze
from cltk.interfaces.optimizers import make_optimizer
from cltk.interfaces.parts import Parts, SlotName
from cltk.interfaces.past import Past
from cltk.interfaces.phase import Fit, OptimizerState, Phase, Step, Train
from cltk.interfaces.pixels import Drawn, draw_pixels
from cltk.interfaces.published import Published
from cltk.interfaces.replay import Draw, Interleaved, Replay, draw_amount, mix_replay
from cltk.interfaces.scenario import Scenario, Task
from cltk.interfaces.schedule import Amount, ReplaySchedule, total
from cltk.interfaces.sink import RunGroup, Sink, Summary
from cltk.interfaces.source import RecordSource
from cltk.interfaces.strategy import Strategy
from cltk.interfaces.streams import Streams
from cltk.interfaces.training import Training
from cltk.record import Record

__all__ = [
    "SOFT_ONLY",
    "UNKNOWN",
    "Active",
    "Amount",
    "Batches",
    "Buffer",
    "Classifier",
    "Component",
    "ConditionalGenerator",
    "Dimension",
    "Draw",
    "Drawn",
    "Examples",
    "Fit",
    "FloatRange",
    "Generator",
    "GroupMetric",
    "Handle",
    "History",
    "IncrementalSetting",
    "IntRange",
    "Interleaved",
    "LabelledReplay",
    "Labeller",
    "Launcher",
    "Measure",
    "Metric",
    "OneOf",
    "OptimizerState",
    "Parts",
    "Past",
    "Phase",
    "Published",
    "Record",
    "RecordSource",
    "Replay",
    "ReplaySchedule",
    "RunGroup",
    "Scenario",
    "ScenarioInfo",
    "Shuffled",
    "Sink",
    "SlotName",
    "Step",
    "Strategy",
    "Streams",
    "Summary",
    "Task",
    "TaskMasks",
    "Train",
    "Training",
    "classification_loss",
    "draw_amount",
    "draw_pixels",
    "evaluating",
    "freeze",
    "learned_by",
    "make_optimizer",
    "mix_replay",
    "require_capacity",
    "task_masks",
    "to_stored",
    "to_values",
    "total",
]
