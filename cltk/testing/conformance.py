"""All checks of a component: as a list, at once, or as tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cltk.errors import ConfigError, DataUnavailableError, closest
from cltk.testing.components import common_checks
from cltk.testing.defects import ConformanceError
from cltk.testing.kinds import kind_of
from cltk.testing.subject import Check, Subject, made

__all__ = ["check_component", "checks_of", "conformance_tests"]


def checks_of(cls: type[Any], config: Mapping[str, Any] | None = None) -> Sequence[Check]:
    """The checks of a component's kind, each a name and something to call.

    Args:
        cls: A class that derives from a kind of ``cltk.interfaces``.
        config: Its settings: those without a default, and those that make it small and the checks fast. Components are
            built for three tasks, so a schedule with an entry a task gets three.

    Raises:
        PluginError: The class is no component.
    """
    subject, kind = Subject(cls, config or {}), kind_of(cls)
    return [made(body, subject) for body in (*common_checks(kind), *kind.checks)]


def check_component(cls: type[Any], config: Mapping[str, Any] | None = None) -> None:
    """Runs every check of a component; if it cannot even be built, no other one after that.

    Args:
        cls: The component.
        config: Its settings, as of ``checks_of``.

    Raises:
        ConformanceError: It does not pass; the error names each check that it fails.
        DataUnavailableError: A scenario's data is not here, so that nothing can be said.
        PluginError: The class is no component.
    """
    failures = []
    for check in checks_of(cls, config):
        try:
            check.run()
        except ConformanceError as error:
            failures.append(error)
            if check.name == "builds":
                break
    if failures:
        advice = failures[0].advice if len(failures) == 1 else ""
        problem = "\n\n".join(str(failure) if not advice else failure.problem for failure in failures)
        raise ConformanceError(problem, advice, [name for failure in failures for name in failure.checks])


def conformance_tests(
    cls: type[Any],
    config: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Callable[..., None]:
    """A test function for pytest with one case a check; a scenario whose data is not here is skipped.

    Args:
        cls: The component.
        config: Its settings, as of ``checks_of``.
        expected_failures: The checks that it does not pass, each with the reason. Passing one of them is a failure too,
            so that the list stays true.

    Raises:
        ConfigError: An expected failure is no check of this kind.
        PluginError: The class is no component.
    """
    import pytest

    checks, reasons = checks_of(cls, config), dict(expected_failures or {})
    names = [check.name for check in checks]
    for name in reasons:
        if name not in names:
            raise ConfigError(f"{cls.__name__} has no check '{name}'.", closest(name, names))

    def case(check: Check) -> Any:
        reason = reasons.get(check.name)
        marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True, raises=ConformanceError)]
        return pytest.param(check, id=check.name, marks=marks)

    @pytest.mark.parametrize("check", [case(check) for check in checks])
    def test_conformance(check: Check) -> None:
        try:
            check.run()
        except DataUnavailableError as error:
            pytest.skip(str(error))

    return test_conformance
