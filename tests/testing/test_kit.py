"""The ways to run the kit."""

import os
import random
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch

from cltk.errors import ConfigError, DataUnavailableError, PluginError
from cltk.interfaces import Scenario
from cltk.testing import ConformanceError, NotRunError, check_component, checks_of, conformance_tests
from cltk.testing.isolation import isolated, offline, randomness
from cltk.testing.standins import Half, Learn, Mixture, Perceptron

test_generator = conformance_tests(Mixture)
test_generator_with_settings = conformance_tests(Mixture, config={"patterns": 3})
test_classifier = conformance_tests(Perceptron)
test_schedule = conformance_tests(Half)


class Negative(Half):
    """Source: none."""

    def count(self, completed, current):
        return -1


class Unbuildable(Half):
    def __init__(self, config, info):
        raise RuntimeError("out of order")


class Missing(Scenario):
    """Source: none."""

    setting, outputs, tasks = "class", 2, ()

    def __init__(self, config, folders):
        raise DataUnavailableError("It is not here.", "Fetch it.")


test_expected_failure = conformance_tests(
    Negative, expected_failures={"counts-are-whole-and-not-negative": "to see that this is an expected failure"}
)
test_without_data = conformance_tests(Missing)


def test_checks_have_names_that_differ():
    names = [name for name, _ in checks_of(Mixture)]
    assert len(names) == len(set(names)) > 20
    assert all(name == name.lower() and "_" not in name for name in names)


def test_a_good_component_passes_at_once():
    check_component(Half)


def test_all_failures_are_gathered():
    Negative.__doc__, kept = "None.", Negative.__doc__
    try:
        with pytest.raises(ConformanceError) as caught:
            check_component(Negative)
    finally:
        Negative.__doc__ = kept
    assert caught.value.checks == ("docstring-names-its-source", "counts-are-whole-and-not-negative")
    assert "it gave -1" in str(caught.value)
    assert "Return max(0, ...)." in str(caught.value)
    assert isinstance(caught.value, AssertionError)


def test_one_failure_keeps_its_advice():
    with pytest.raises(ConformanceError) as caught:
        check_component(Negative)
    assert caught.value.advice == "Return max(0, ...)."


def test_what_cannot_be_built_is_not_checked_further():
    with pytest.raises(ConformanceError, match="RuntimeError: out of order") as caught:
        check_component(Unbuildable)
    assert caught.value.checks == ("docstring-names-its-source", "builds")


def test_an_error_is_reported_once():
    def outcome(run):
        try:
            run()
        except (ConformanceError, NotRunError) as error:
            return error

    outcomes = {name: outcome(run) for name, run in checks_of(Unbuildable)}
    assert isinstance(outcomes["counts-are-whole-and-not-negative"], NotRunError)
    assert str(outcomes["counts-are-whole-and-not-negative"]) == "see 'builds': the error is the same"
    failed = [name for name, error in outcomes.items() if isinstance(error, ConformanceError)]
    assert failed == ["docstring-names-its-source", "builds"]


def test_a_check_that_is_run_alone_reports_its_error():
    checks = dict(checks_of(Unbuildable))
    for _ in range(2):
        with pytest.raises(ConformanceError, match="out of order"):
            checks["counting-is-pure"]()


def test_only_a_strategy_is_tried_with_other_components():
    with pytest.raises(ConfigError, match="Half is no strategy"):
        checks_of(Half, parts={"classifier": Perceptron})


@pytest.mark.parametrize(
    ("slot", "advice"), [("schedules", "Did you mean 'schedule'"), ("schedule", "Valid: classifier, generator")]
)
def test_a_companion_fills_a_slot_that_there_is(slot, advice):
    with pytest.raises(ConfigError, match=advice):
        checks_of(Learn, parts={slot: Half})


def test_settings_that_are_not_valid_are_named():
    with pytest.raises(ConformanceError, match="field 'patterns' is 0"):
        check_component(Mixture, {"patterns": 0})


def test_a_scenario_without_data_cannot_be_judged():
    with pytest.raises(DataUnavailableError):
        check_component(Missing)


@pytest.mark.parametrize("cls", [int, 3])
def test_what_is_no_component_is_refused(cls):
    with pytest.raises(PluginError, match="is no component"):
        checks_of(cls)


def test_each_check_is_a_case_of_its_own():
    (mark,) = conformance_tests(Half).pytestmark
    assert [case.id for case in mark.args[1]] == [name for name, _ in checks_of(Half)]


def test_an_expected_failure_must_be_a_check():
    with pytest.raises(ConfigError, match="Did you mean 'builds'"):
        conformance_tests(Half, expected_failures={"build": "a slip"})


def test_an_expected_failure_that_passes_is_a_failure():
    (mark,) = conformance_tests(Half, expected_failures={"builds": "not true"}).pytestmark
    (expected,) = (case for case in mark.args[1] if case.marks)
    assert expected.id == "builds"
    assert expected.marks[0].kwargs == {"reason": "not true", "strict": True, "raises": ConformanceError}


def test_pytest_is_imported_for_tests_alone():
    code = "import sys; from cltk.testing import standins, check_component as c; c(standins.Half); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pytest" not in result.stdout.split()


def test_isolation_puts_everything_back():
    before, variable = randomness(), os.environ.get("CLTK_OFFLINE")
    with isolated():
        random.seed(9)
        np.random.rand()
        torch.rand(1)
        assert all(randomness()[name] != state for name, state in before.items())
        assert os.environ["CLTK_OFFLINE"] == "1"
    assert randomness() == before
    assert os.environ.get("CLTK_OFFLINE") == variable


def test_connections_are_refused_and_noted():
    with offline() as tried, socket.socket() as plain:
        for attempt in (
            lambda: socket.create_connection(("127.0.0.1", 9)),
            lambda: socket.getaddrinfo("example.org", 80),
            lambda: plain.connect(("127.0.0.1", 9)),
        ):
            with pytest.raises(OSError, match="no network here"):
                attempt()
    assert len(tried) == 3


def test_connections_within_the_machine_are_let_pass(tmp_path):
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client, offline() as tried:
        server.bind(path)
        server.listen()
        client.connect(path)
    assert tried == []
