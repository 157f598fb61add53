"""All that a strategy holds: named, weighed and put back by the engine, so that no strategy has to do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from cltk.engine.encoding import decode, encode
from cltk.errors import PluginError
from cltk.interfaces import Past, Strategy, Streams, freeze

__all__ = ["Weight", "above", "begin_task", "below", "load_state", "state_of", "weigh"]


@dataclass(frozen=True, slots=True)
class Weight:
    """What a strategy holds, in bytes.

    Attributes:
        model: Its networks.
        buffer: The samples that it stores.
        extras: All else that it needs for the next task, optimizers that are not reset among it.
    """

    model: int
    buffer: int
    extras: int


def state_of(strategy: Strategy) -> dict[str, Tensor]:
    """All that the next task needs, beside the configuration; the tensors are those in use.

    Returns:
        ``<slot>.<name>`` and ``module.<attribute>.<name>`` of networks, ``buffer.<name>``, ``past.<name>`` where its
        schedule asks for the past, ``optimizers.<phase>.<name>`` of optimizers that are not reset, and
        ``extras.<name>`` of what its own ``state_dict`` gives, in its order.

    Raises:
        PluginError: The strategy has extras that it could not take back.
    """
    stored = {} if strategy.buffer is None else strategy.buffer.state_dict()
    past = encode(strategy.past.to_dict()) if strategy.is_adaptive else {}
    kept = above("optimizers", strategy.optimizer_state) | above("extras", _extras(strategy))
    return _networks(strategy) | above("buffer", stored) | above("past", past) | kept


def begin_task(strategy: Strategy, classes: Sequence[int], streams: Streams) -> None:
    """Tells a strategy that a task with these classes is about to begin, so that its networks can grow."""
    with streams.scope("begin"):
        strategy.begin_task(classes)
    for network in strategy.networks.values():
        network.to(strategy.device)


def load_state(strategy: Strategy, state: Mapping[str, Tensor], completed: int = 0) -> None:
    """Puts back what ``state_of`` gave, into a strategy that was built in the same way.

    Args:
        strategy: The strategy.
        state: What the other one held.
        completed: Number of tasks that the other one had begun and this one has not heard of: its networks grow by them
            first. What they are initialised with is overwritten.

    Raises:
        PluginError: The state has a network that the strategy has not.
        RuntimeError: A tensor is missing or has another shape.
    """
    for classes in strategy.info.classes[:completed]:
        begin_task(strategy, classes, Streams(0))
    state = {name: tensor.to(strategy.device) for name, tensor in state.items()}
    _make_copies_again(strategy, state)
    for path, network in strategy.networks.items():
        network.to(strategy.device).load_state_dict(below(path, state))
    if strategy.buffer is not None:
        strategy.buffer.load_state_dict(below("buffer", state))
    if strategy.is_adaptive:
        strategy.past = Past(**decode(below("past", state)))
    strategy.optimizer_state = below("optimizers", state)
    strategy.load_state_dict(below("extras", state))


def weigh(strategy: Strategy) -> Weight:
    """What a strategy holds now; a tensor that is held twice is counted once."""
    stored = 0 if strategy.buffer is None else strategy.buffer.bytes
    kept = [*_networks(strategy).values(), *(strategy.buffer.state_dict().values() if strategy.buffer else ())]
    others = [*_extras(strategy).values(), *strategy.optimizer_state.values()]
    extras = _bytes([*kept, *others]) - _bytes(kept)
    # What a strategy counts as stored samples beside those of the buffer is among its extras: it is not weighed twice.
    samples = strategy.buffer_bytes()
    return Weight(_bytes(_networks(strategy).values()), samples, max(0, extras - max(0, samples - stored)))


def _networks(strategy: Strategy) -> dict[str, Tensor]:
    networks = strategy.networks.items()
    return {name: tensor for path, network in networks for name, tensor in above(path, network.state_dict()).items()}


def _extras(strategy: Strategy) -> Mapping[str, Tensor]:
    extras = strategy.state_dict()
    if extras and type(strategy).load_state_dict is Strategy.load_state_dict:
        raise PluginError(
            f"{type(strategy).__name__} has a state_dict, but no load_state_dict that takes it back.",
            "Override both: after an interruption, what is in state_dict comes back through load_state_dict.",
        )
    return extras


def _make_copies_again(strategy: Strategy, state: Mapping[str, Tensor]) -> None:
    """Gives a new strategy the frozen copies of its networks that the other one had made in an attribute meanwhile.

    A teacher that is kept over tasks is such a copy: it is None, or a list is empty, when a strategy is built.

    Raises:
        PluginError: The state has a network that is a copy of none.
    """
    known = strategy.networks
    for name in state:
        if not name.startswith("module.") or any(name.startswith(f"{path}.") for path in known):
            continue
        _, attribute, *rest = name.split(".")
        held = getattr(strategy, attribute, None)
        in_list = isinstance(held, list) and rest[0] == str(len(held))
        path = f"module.{attribute}.{rest[0]}" if in_list else f"module.{attribute}"
        original = _alike(known.values(), below(path, state)) if in_list or held is None else None
        if original is None:
            raise PluginError(
                f"{type(strategy).__name__} had a network in '{attribute}', which it has not when it is built.",
                "Make networks in __init__; or keep it in a variable of phases, if the next task does not need it.",
            )
        if isinstance(held, list):
            held.append(freeze(original))
        else:
            setattr(strategy, attribute, freeze(original))
        known = strategy.networks


def _alike(networks: Iterable[nn.Module], state: Mapping[str, Tensor]) -> nn.Module | None:
    """The first network with tensors of these names and shapes."""
    shapes = {name: tensor.shape for name, tensor in state.items()}
    alike = (n for n in networks if {name: tensor.shape for name, tensor in n.state_dict().items()} == shapes)
    return next(alike, None)


def _bytes(tensors: Iterable[Tensor]) -> int:
    """Of memory that is shared, once."""
    return sum({(tensor.device, tensor.data_ptr()): tensor.nbytes for tensor in tensors}.values())


def above(path: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, each name behind ``path``."""
    return {f"{path}.{name}": tensor for name, tensor in state.items()}


def below(path: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries whose names begin with ``path``, without it."""
    prefix = f"{path}."
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
