"""What a plugin is written against: the six kinds of component and the values that pass between them."""

from cltk.interfaces.batches import Batches, Shuffled
from cltk.interfaces.buffer import Buffer
from cltk.interfaces.classifier import Classifier
from cltk.interfaces.component import Choice, Component, Dimension, FloatRange, Info, IntRange, Setting
from cltk.interfaces.examples import SOFT_ONLY, Examples
from cltk.interfaces.generator import ConditionalGenerator, Generator
from cltk.interfaces.losses import classification_loss, task_masks
from cltk.interfaces.metric import History, Metric
from cltk.interfaces.phase import Fit, Phase, Train
from cltk.interfaces.scenario import Scenario, Task
from cltk.interfaces.schedule import ReplaySchedule
from cltk.interfaces.strategy import Parts, SlotName, Strategy
from cltk.interfaces.streams import Streams
from cltk.interfaces.training import Training

__all__ = [
    "SOFT_ONLY",
    "Batches",
    "Buffer",
    "Choice",
    "Classifier",
    "Component",
    "ConditionalGenerator",
    "Dimension",
    "Examples",
    "Fit",
    "FloatRange",
    "Generator",
    "History",
    "Info",
    "IntRange",
    "Metric",
    "Parts",
    "Phase",
    "ReplaySchedule",
    "Scenario",
    "Setting",
    "Shuffled",
    "SlotName",
    "Strategy",
    "Streams",
    "Task",
    "Train",
    "Training",
    "classification_loss",
    "task_masks",
]
