"""What a strategy promises."""

from __future__ import annotations

from typing import get_args

import torch

from cltk.errors import ConfigError
from cltk.interfaces import Examples, IncrementalSetting, SlotName, Strategy, Streams
from cltk.testing.components import common_checks, result_checks
from cltk.testing.defects import NotRunError, require
from cltk.testing.interruptions import interrupted_trace
from cltk.testing.outcome import Outcome, require_equal
from cltk.testing.sequences import tasks_of
from cltk.testing.subject import Body, Subject
from cltk.testing.together import traces_together
from cltk.testing.traces import Trace, build, predicted, snapshot, trace, usual_setting, usual_trace

__all__ = ["CHECKS"]

SHOWN = 5
TOLERANCE = 1e-4
"""Matrix products of another size round differently; a dependence on the other samples is larger."""
ROUNDING = 0.05
"""As far as such rounding may lead a training astray, relative and absolute."""


def slots_are_declared(subject: Subject) -> None:
    """``slots`` is a tuple of known names, and no component of another slot is used."""
    slots, known = subject.cls.slots, get_args(SlotName)
    fix = f"Write slots = (...) with names out of {', '.join(known)}."
    require(isinstance(slots, tuple) and set(slots) <= set(known), f"slots is {slots!r}", fix)
    undeclared = usual_trace(subject).slots.undeclared
    require(not undeclared, f"it uses {', '.join(undeclared)} but slots is {slots!r}", "Add it to slots.")


def learns_class_incrementally(subject: Subject) -> None:
    """Once an easy task is learned, more than half of its test samples are told from all classes."""
    _require_learned(subject, "class")


def learns_task_incrementally(subject: Subject) -> None:
    """Once an easy task is learned, more than half of its test samples are told from each other."""
    _require_learned(subject, "task")


def learns_domain_incrementally(subject: Subject) -> None:
    """Once an easy task is learned, whose labels the others share, more than half of its test samples are right."""
    _require_learned(subject, "domain")


def reads_no_held_out_data(subject: Subject) -> None:
    """What is learned does not change when test and validation data are overwritten before the first task."""
    fix = "Read task.train alone."
    came = "without test and validation data it learns otherwise"
    require_equal(usual_trace(subject).outcome(), trace(subject, hide=["held out"]).outcome(), came, fix)


def reads_no_past_data(subject: Subject) -> None:
    """What is learned does not change when a task's training data are overwritten once the task is over."""
    fix = "Keep no reference to task.train; what may be stored goes into a Buffer, which copies."
    came = "without the data of earlier tasks it learns otherwise"
    require_equal(usual_trace(subject).outcome(), trace(subject, hide=["past"]).outcome(), came, fix)


def stored_samples_are_counted(subject: Subject) -> None:
    """``buffer_bytes`` is 0 or more, and no less than what its images take: tensors (n, C, H, W) beside networks."""
    seen = usual_trace(subject)
    for stored in seen.stored:
        require(type(stored) is int and stored >= 0, f"buffer_bytes is {stored!r}", "Return a whole number of bytes.")
    held = _image_bytes(seen)
    came = f"state_dict holds images of {held} bytes, but buffer_bytes is {seen.stored[-1]}"
    require(held <= seen.stored[-1], came, "Keep them in a Buffer, as self.buffer, or override buffer_bytes.")


def resumes_exactly(subject: Subject) -> None:
    """A new strategy goes on bit for bit from a checkpoint, after each task and within each phase.

    It is given the networks, the buffer, and what state_dict gave, in the order that it had.
    """
    came = "with a break after each task and phase, it ends otherwise"
    fix = "Put what else the next task needs into state_dict, and take it back in load_state_dict."
    require_equal(usual_trace(subject).outcome(), interrupted_trace(subject).outcome(), came, fix)


def seeds_side_by_side_end_as_alone(subject: Subject) -> None:
    """Two seeds that are trained side by side, as one model where they are alike, predict what each does alone."""
    came = "trained beside another seed, it predicts otherwise"
    fix = "Count steps in a buffer of the network, changed in place, and keep nothing on the class or the module."
    alone = (usual_trace(subject), trace(subject, seed=1))
    for one, other in zip(alone, traces_together(subject, [made.seed for made in alone]), strict=True):
        pairs = zip(one.scores, other.scores, strict=True)
        close = all(torch.allclose(*pair, rtol=ROUNDING, atol=ROUNDING, equal_nan=True) for pair in pairs)
        require(close, came, fix)


def predicts_each_sample_alone(subject: Subject) -> None:
    """``predict`` gives (B, K) scores, none of them NaN: the same again, whatever else is in the batch."""
    seen = usual_trace(subject)
    before, x = snapshot(seen.strategy), torch.cat([task.test.x[:3] for task in tasks_of(seen.info)])
    together, again = predicted(seen.strategy, x), predicted(seen.strategy, x)
    alone = torch.cat([predicted(seen.strategy, x[index : index + 1]) for index in range(len(x))])
    expected = (len(x), seen.info.outputs)
    came = f"for {len(x)} samples it gives {tuple(together.shape)} {together.dtype}"
    sound = tuple(together.shape) == expected and together.is_floating_point() and not bool(together.isnan().any())
    require(sound, came, "Return a row of info.outputs floating-point scores a sample.")
    fix = "Put networks into evaluation mode, draw nothing, and use no statistic of the batch."
    require_equal({"scores": together}, {"scores": again}, "the second answer differs", fix)
    came = "they depend on the other samples of the batch"
    require(torch.allclose(together, alone, rtol=TOLERANCE, atol=TOLERANCE), came, fix)
    require_equal(before, snapshot(seen.strategy), "it changed the state", "Change nothing in predict.")


def works_on_a_gpu(subject: Subject) -> None:
    """On a GPU, where there is one, it learns its tasks, and all that it keeps is there."""
    if not torch.cuda.is_available():
        raise NotRunError("there is no GPU here")
    held = snapshot(trace(subject, device=torch.device("cuda")).strategy)
    stray = [name for name, tensor in held.items() if tensor.device.type != "cuda"]
    fix = "Make tensors with device=self.device, or with that of the images."
    require(not stray, f"not on it are {', '.join(stray)}", fix)


def counts_are_not_negative(subject: Subject) -> None:
    """``replay_count`` gives an int that is not below 0, at every task."""
    for task, count in enumerate(usual_trace(subject).replayed):
        came = f"at task {task + 1}, replay_count gave {count!r}"
        require(type(count) is int and count >= 0, came, "Return a whole number, 0 or more.")


def phases_have_names_of_their_own(subject: Subject) -> None:
    """Every task has a phase, and the names of its phases are not empty and differ: their streams go by them."""
    seen = usual_trace(subject)
    for task in range(seen.info.tasks):
        names = seen.phases.get(task, [])
        fix = "Yield at least one phase a task, each under a name of its own."
        require(all(names) and 0 < len(names) == len(set(names)), f"task {task + 1} has the phases {names}", fix)


def preview_shows_samples(subject: Subject) -> None:
    """``preview`` gives None or up to n images in [0, 1] with labels of classes learned, and changes no state."""
    seen, before = usual_trace(subject), snapshot(usual_trace(subject).strategy)
    shown = _preview(seen)
    fix = "Draw from copies, or put things back."
    require_equal(before, snapshot(seen.strategy), "it changed the state", fix)
    if shown is None:
        return
    shape, learned = (len(shown), *seen.info.shape), seen.info.seen(seen.info.tasks)
    came = f"asked for {SHOWN}, it gave x: {tuple(shown.x.shape)} {shown.x.dtype}, y: {shown.y.tolist()}"
    sound = len(shown) <= SHOWN and tuple(shown.x.shape) == shape and shown.x.dtype == torch.float32
    require(sound, came, "Return Examples of (n, C, H, W) float32.")
    require(bool(((shown.x >= 0) & (shown.x <= 1)).all()), "the images leave [0, 1]", "Clamp them.")
    labelled = len(shown.y) == len(shown) and set(shown.y.tolist()) <= set(learned)
    require(labelled, came, "Give each a hard label out of info.seen(...).")


def _require_learned(subject: Subject, setting: IncrementalSetting) -> None:
    try:
        seen = usual_trace(subject, setting)
    except ConfigError as error:
        if setting == usual_setting(subject):
            raise
        raise NotRunError(f"it refuses this setting: {error.problem}") from error
    fix = "See that the classifier is trained on task.train; raise a ConfigError for a setting that is none of yours."
    for task in range(seen.info.tasks):
        right = seen.accuracy(task)
        require(right > 0.5, f"of task {task + 1}, {right:.0%} are right", fix)


def _image_bytes(seen: Trace) -> int:
    """Bytes of the images that it holds in the buffer and among its extras.

    Images that were flattened are not known from a Fisher information, or from anything else a pixel.
    """
    held = [tensor for name, tensor in snapshot(seen.strategy).items() if name.startswith(("buffer.", "extras."))]
    return sum(tensor.nbytes for tensor in held if tensor.shape[1:] == seen.info.shape)


def _preview(seen: Trace) -> Examples | None:
    return seen.strategy.preview(SHOWN, Streams(0).at("preview"))


def _build(subject: Subject) -> Strategy:
    return build(subject).strategy


def _exercise(subject: Subject) -> Outcome:
    seen = trace(subject)
    shown = _preview(seen)
    return seen.outcome() | ({} if shown is None else {"preview x": shown.x, "preview y": shown.y})


CHECKS: tuple[Body, ...] = (
    *common_checks(_build),
    learns_class_incrementally,
    learns_task_incrementally,
    learns_domain_incrementally,
    slots_are_declared,
    reads_no_held_out_data,
    reads_no_past_data,
    stored_samples_are_counted,
    resumes_exactly,
    seeds_side_by_side_end_as_alone,
    predicts_each_sample_alone,
    works_on_a_gpu,
    counts_are_not_negative,
    phases_have_names_of_their_own,
    preview_shows_samples,
    *result_checks(_exercise),
)
