"""Telling sinks what happens in runs, so that none of them can cost a result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Any

from cltk.config import check
from cltk.errors import ConfigError, Faults, PluginError, under
from cltk.events import Event
from cltk.interfaces.sink import RunGroup, Sink, Summary
from cltk.processes.interrupts import Interrupt, telling_apart
from cltk.record import Record
from cltk.registry import Plugin, default_names, find, load, require_known, settings_of, shortest_name, unowned

__all__ = ["NO_SINK", "Sinks", "check_sinks", "make_sinks"]

NO_SINK = "none"
"""The name that stands for no sink at all."""


class Sinks:
    """Several sinks as one, which never raises.

    A sink that raises is told nothing more, and ``failures`` says why. What a sink prints goes to standard error, as
    standard output belongs to results.

    Args:
        sinks: The sinks, by name.
        failures: Why sinks that were wanted are missing, by name.
        notices: What the user should know before anything is told.
    """

    def __init__(
        self,
        sinks: Mapping[str, Sink] | None = None,
        failures: Mapping[str, str] | None = None,
        notices: Sequence[str] = (),
    ) -> None:
        self._sinks = dict(sinks or {})
        self._notices = list(notices)
        self.failures: dict[str, str] = {}
        for name, reason in (failures or {}).items():
            self._leave_out(name, reason)

    def __enter__(self) -> Sinks:
        """Does nothing: sinks begin when they are told of a group."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until everything is written, whatever went wrong meanwhile."""
        self.close()

    @property
    def is_empty(self) -> bool:
        """Whether nobody is told of anything: there never was a sink, or all have failed."""
        return not self._sinks

    def observe(self, event: Event, record: Record) -> None:
        """Tells what happened in a run, with its record as it stands after it."""
        self._tell(lambda sink: sink.observe(event, record))

    def finish(self, record: Record) -> None:
        """Tells that a run has ended, whose folder is complete."""
        self._tell(lambda sink: sink.finish(record))

    def begin_group(self, group: RunGroup) -> None:
        """Tells that runs are about to begin that belong together."""
        self._tell(lambda sink: sink.begin_group(group))

    def finish_group(
        self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None = None
    ) -> None:
        """Tells that a group has ended, with its records, their summary, and a folder with what else to keep."""
        self._tell(lambda sink: sink.finish_group(group, records, summary, files))

    def close(self) -> Sequence[str]:
        """Waits until everything is written; returns what the user should know, a sentence each.

        Somebody who wants to stop meanwhile, when the runs have ended, is heard: sinks are no longer waited for.
        """
        try:
            self._tell(lambda sink: self._notices.extend(sink.close()))
        except Interrupt:
            self._notices.append(f"Not waited for, so that it may lack something: the sink '{', '.join(self._sinks)}'.")
        self._sinks.clear()
        return self._notices

    def _tell(self, call: Callable[[Sink], None]) -> None:
        for name, sink in list(self._sinks.items()):
            try:
                with telling_apart(), _printing_to_stderr():
                    call(sink)
            except Interrupt:
                raise
            except (Exception, KeyboardInterrupt, SystemExit) as error:
                del self._sinks[name]
                self._leave_out(name, _reason(error))

    def _leave_out(self, name: str, reason: str) -> None:
        self.failures[name] = reason
        self._notices.append(f"The sink '{name}' failed and was told nothing more: {reason}")


def make_sinks(
    names: Sequence[str] | None,
    settings: Mapping[str, Mapping[str, Any]],
    store: Path,
    others: Sequence[Sink] = (),
) -> Sinks:
    """Makes the sinks that are named.

    Args:
        names: The sinks; ``("none",)`` for none of them. None for those that installed distributions offer as
            defaults, of which one that cannot be made is left out.
        settings: What they are set to, by name; a notice says which are of sinks that are not used.
        store: The folder of all runs.
        others: Sinks that are made already; each is called after its class.

    Raises:
        ConfigError: A sink is unknown, also where it is only set to something; or a setting is not valid.
        PluginError: A sink that was named cannot be imported.
    """
    require_known("sink", settings)
    sinks: dict[str, Sink] = {}
    failures: dict[str, str] = {}
    wanted = default_names("sink") if names is None else () if list(names) == [NO_SINK] else names
    plugins = dict.fromkeys(find("sink", name) for name in wanted)  # Once, however often it is named, and how.
    for plugin in plugins:
        name = shortest_name(plugin)
        try:
            sinks[name] = _make(plugin, settings_of(plugin, settings), store)
        except ConfigError:
            raise
        except PluginError as error:
            if names is not None:
                raise
            failures[name] = error.problem
        except Exception as error:
            failures[name] = _reason(error)
    notices = [
        f"The sink '{name}' is set to something, but it is not used: nothing is sent to it."
        for name in unowned(plugins, settings)
    ]
    return Sinks(sinks | {type(sink).__name__: sink for sink in others}, failures, notices)


def check_sinks(names: Sequence[str] | None, settings: Mapping[str, Mapping[str, Any]]) -> None:
    """Checks that sinks which are named or set to something exist, and that they can be set so.

    Raises:
        ConfigError: They do not, or cannot.
        PluginError: One that was named cannot be imported.
    """
    require_known("sink", settings)
    faults = Faults()
    for name in () if names is None or list(names) == [NO_SINK] else names:
        with faults.further(), under("sinks"):
            plugin = find("sink", name)
            if given := settings_of(plugin, settings):
                _configured(plugin, given)
    faults.settle()


def _make(plugin: Plugin, settings: Mapping[str, Any], store: Path) -> Sink:
    with _printing_to_stderr():
        sink, config = _configured(plugin, settings)
        return sink(config, store)


def _configured(plugin: Plugin, settings: Mapping[str, Any]) -> tuple[type[Sink], Any]:
    sink: type[Sink] = load(plugin)
    with under(f"sink.{plugin.name.replace('-', '_')}"):
        return sink, check(sink.Config, dict(settings), f"sink '{plugin.name}'")


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


@contextmanager
def _printing_to_stderr() -> Iterator[None]:
    with redirect_stdout(sys.stderr):
        yield
