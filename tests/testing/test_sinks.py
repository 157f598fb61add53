"""Wrong sinks."""

import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from cltk.interfaces import Sink
from cltk.testing import NotRunError, checks_of, conformance_tests


class Lines(Sink):
    """Writes a line for everything that it hears of."""

    def observe(self, event, record):
        self.write(f"{record.run_id}: {type(event).__name__}")

    def finish(self, record):
        self.write(f"{record.run_id}: {record.status}, {record.final_accuracy:.2f}")

    def begin_group(self, group):
        self.write(f"{group.kind} {group.name} begins")

    def finish_group(self, group, records, summary, files):
        self.write(f"{group.kind} {group.name} ends with {len(records)} runs, {summary}, {files}")

    def close(self):
        return ("Everything is written.",)

    def write(self, line):
        with (self.store / "lines.txt").open("a") as file:
            file.write(f"{line}\n")


class Silent(Sink):
    """Does nothing at all."""


test_lines = conformance_tests(Lines)
test_silent = conformance_tests(Silent)


def _finished_alone(self, record):
    assert record.status == "finished"


def _in_pairs(self, record):
    self.observed.remove(record.run_id)


def _of_a_study(self, group):
    assert group.kind == "seeds"


def _beside(self, line):
    Path("lines.txt").write_text(line)


def _over_the_record(self, record):
    (self.store / record.run_id / "record.json").write_text("{}")


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("has-docstring", {"__doc__": None}),
        ("takes-a-study", {"begin_group": _of_a_study}),
        ("notices-are-sentences", {"close": lambda self: "All is well."}),
        ("notices-are-sentences", {"close": lambda self: None}),
        ("leaves-the-folders-of-others-alone", {"write": _beside}),
        ("leaves-the-folders-of-others-alone", {"finish": _over_the_record}),
        ("leaves-global-randomness-alone", {"write": lambda self, line: np.random.rand()}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Lines, **attributes) == {check}


@pytest.mark.parametrize("finish", [_finished_alone, _in_pairs])
def test_a_run_that_comes_unexpected_is_found(failing, finish):
    assert "takes-all-that-happens" in failing(Lines, finish=finish)


def test_a_sink_that_writes_on_is_found(failing):
    threads = []

    def finish(self, record):
        store = self.store
        threads.append(threading.Timer(0.2, lambda: (store / "late.txt").write_text("late")))
        threads[-1].start()

    assert failing(Lines, finish=finish) == {"closing-waits-for-writing"}
    for thread in threads:
        thread.join()


def test_a_sink_that_needs_a_server_cannot_be_judged_without_one():
    class Server(Sink):
        """Connects to a server."""

        def begin_group(self, group):
            socket.create_connection(("127.0.0.1", 9))

    with pytest.raises(NotRunError, match="it needs a network"):
        dict(checks_of(Server))["takes-all-that-happens"]()
