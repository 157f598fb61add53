"""Keeping a check from the network and from global state, and noticing what reached for them."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
import torch

__all__ = ["disturb", "isolated", "offline", "processes_started", "randomness"]

METHODS = ("connect", "connect_ex", "sendto")
STARTING = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn")
_LISTENING: list[list[str]] = []
FUNCTIONS = ("getaddrinfo", "gethostbyname", "create_connection")


@contextmanager
def isolated() -> Iterator[None]:
    """Without a network, on one thread, with the engine's floating point; afterwards all is as it was before."""
    threads, flushes, before = torch.get_num_threads(), _flushes_denormal(), randomness()
    with offline():
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        try:
            yield
        finally:
            torch.set_flush_denormal(flushes)
            torch.set_num_threads(threads)
            _restore(before)


def randomness() -> dict[str, Any]:
    """The state of every global generator that a component could draw from, fit for comparison."""
    name, keys, *rest = np.random.get_state()
    states: dict[str, Any] = {
        "torch": tuple(torch.get_rng_state().tolist()),
        "numpy": (name, tuple(np.asarray(keys).tolist()), *rest),
        "random": random.getstate(),
    }
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        states["torch.cuda"] = tuple(tuple(state.tolist()) for state in torch.cuda.get_rng_state_all())
    return states


@contextmanager
def processes_started() -> Iterator[list[str]]:
    """Yields the list of what is started meanwhile: a command line each, or the call that was used."""
    started: list[str] = []
    _listen_for_processes()
    _LISTENING.append(started)
    try:
        yield started
    finally:
        _LISTENING.remove(started)


@cache
def _listen_for_processes() -> None:
    # The interpreter keeps such a hook for good, so there is one for all.
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if _LISTENING and event in STARTING:
            name = f"{arguments[1]}" if event == "subprocess.Popen" else event
            for started in _LISTENING:
                started.append(name)

    sys.addaudithook(hook)


def disturb() -> None:
    """Puts every global generator elsewhere; to be used where it is put back."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)


def _flushes_denormal() -> bool:
    return float(torch.full((1,), 1e-40) * 0.5) == 0.0


def _restore(states: dict[str, Any]) -> None:
    torch.set_rng_state(torch.tensor(states["torch"], dtype=torch.uint8))
    np.random.set_state(states["numpy"])
    random.setstate(states["random"])
    if "torch.cuda" in states:
        torch.cuda.set_rng_state_all([torch.tensor(state, dtype=torch.uint8) for state in states["torch.cuda"]])


@contextmanager
def offline() -> Iterator[list[str]]:
    """Refuses every connection; yields the list of those that were tried, also where the refusal was swallowed."""
    tried: list[str] = []

    def refusing(name: str, allowed: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(*arguments: Any, **options: Any) -> Any:
            # Sockets within the machine are not the network; worker processes talk through them.
            if arguments and getattr(arguments[0], "family", None) == getattr(socket, "AF_UNIX", object()):
                return allowed(*arguments, **options)
            address = [argument for argument in arguments if not isinstance(argument, socket.socket)]
            tried.append(f"{name}({', '.join(repr(part) for part in address)})")
            raise OSError(f"there is no network here: {tried[-1]} was refused")

        return refuse

    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {"CLTK_OFFLINE": "1"}))
        for owner, names in ((socket.socket, METHODS), (socket, FUNCTIONS)):
            for name in names:
                replacement = refusing(name, getattr(owner, name))
                stack.enter_context(mock.patch.object(owner, name, replacement))
        yield tried
