"""All checks of a component: as a list, at once, or as tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from cltk.errors import ConfigError, DataUnavailableError, closest
from cltk.interfaces import SlotName, Strategy
from cltk.testing.defects import ConformanceError, NotRunError
from cltk.testing.kinds import checks_for
from cltk.testing.subject import Check, Companion, Subject, bind

__all__ = ["Parts", "check_component", "checks_of", "conformance_tests"]

Parts = Mapping[str, type[Any] | tuple[type[Any], Mapping[str, Any]]]
"""The components in a strategy's slots, each a class or a class with its settings."""


def checks_of(target: Any, config: Mapping[str, Any] | None = None, parts: Parts | None = None) -> Sequence[Check]:
    """The checks of a component's kind, each a name and something to call.

    Args:
        target: A class that derives from a kind of ``cltk.interfaces``, or the function of a command.
        config: Its settings: those without a default, and those that make it small and the checks fast. Components are
            built for three tasks, so a schedule with an entry a task gets three.
        parts: Of a strategy: what it is tried with. In a slot that is not named there is what the strategy ``needs``,
            or a stand-in.

    Raises:
        ConfigError: ``parts`` are given for no strategy, or for a slot that there is not.
        PluginError: The target is no component.
    """
    bodies = checks_for(target)
    subject = Subject(target, config or {}, _companions(target, parts or {}))
    return [bind(body, subject) for body in bodies]


def check_component(target: Any, config: Mapping[str, Any] | None = None, parts: Parts | None = None) -> None:
    """Runs every check of a component.

    Args:
        target: The component.
        config: Its settings, as of ``checks_of``.
        parts: What a strategy is tried with, as of ``checks_of``.

    Raises:
        ConformanceError: It does not pass; the error names each check that it fails.
        ConfigError: ``parts`` cannot be used.
        DataUnavailableError: A scenario's data is not here, so that nothing can be said.
        PluginError: The target is no component.
    """
    failures = []
    for check in checks_of(target, config, parts):
        try:
            check.run()
        except NotRunError:
            continue
        except ConformanceError as error:
            failures.append(error)
    if failures:
        advice = failures[0].advice if len(failures) == 1 else ""
        problem = "\n\n".join(str(failure) if not advice else failure.problem for failure in failures)
        raise ConformanceError(problem, advice, [name for failure in failures for name in failure.checks])


def conformance_tests(
    target: Any,
    config: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
    *,
    parts: Parts | None = None,
) -> Callable[..., None]:
    """A test function for pytest with one case a check; one that cannot be run is skipped, with the reason.

    Args:
        target: The component.
        config: Its settings, as of ``checks_of``.
        expected_failures: The checks that it does not pass, each with the reason. Passing one of them is a failure too,
            so that the list stays true.
        parts: What a strategy is tried with, as of ``checks_of``.

    Raises:
        ConfigError: An expected failure is no check of this kind, or ``parts`` cannot be used.
        PluginError: The target is no component.
    """
    import pytest

    checks, reasons = checks_of(target, config, parts), dict(expected_failures or {})
    names = [check.name for check in checks]
    for name in reasons:
        if name not in names:
            raise ConfigError(f"{target.__name__} has no check '{name}'.", closest(name, names))

    def case(check: Check) -> Any:
        reason = reasons.get(check.name)
        marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True, raises=ConformanceError)]
        return pytest.param(check, id=check.name, marks=marks)

    @pytest.mark.parametrize("check", [case(check) for check in checks])
    def test_conformance(check: Check) -> None:
        try:
            check.run()
        except (DataUnavailableError, NotRunError) as error:
            pytest.skip(str(error))

    return test_conformance


def _companions(target: Any, parts: Parts) -> dict[str, Companion]:
    """The parts by slot, each as a class and its settings."""
    is_strategy = isinstance(target, type) and issubclass(target, Strategy)
    if parts and not is_strategy:
        raise ConfigError(f"{target.__name__} is no strategy, so it is tried without other components.")
    slots = target.slots if is_strategy else ()
    for slot in parts:
        if slot not in get_args(SlotName):
            raise ConfigError(f"There is no slot '{slot}'.", closest(slot, get_args(SlotName)))
        if slot not in slots:
            raise ConfigError(f"{target.__name__} has no slot '{slot}'.", closest(slot, slots))
    given = {**getattr(target, "needs", {}), **parts}
    return {slot: Companion(*part) if isinstance(part, tuple) else Companion(part, {}) for slot, part in given.items()}
