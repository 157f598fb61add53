from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cltk.testing import ConformanceError, NotRunError, checks_of


@pytest.fixture
def failing() -> Callable[..., set[str]]:
    """Names the checks that a class does not pass, once its attributes are replaced by those given."""

    def find(
        base: type[Any], config: dict[str, Any] | None = None, /, parts: Any = None, **attributes: Any
    ) -> set[str]:
        cls = type("Wrong", (base,), {"__doc__": "A component.\n\nSource: none; a test.", **attributes})
        errors = {}
        for name, run in checks_of(cls, config, parts):
            try:
                run()
            except NotRunError:
                continue
            except ConformanceError as error:
                errors[name] = error
        for name, error in errors.items():
            assert error.checks == (name,)
            assert error.advice
            assert f"'{name}'" in error.problem
            assert "Expected: " in error.problem
        return set(errors)

    return find
