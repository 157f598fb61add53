from collections.abc import Callable

import pytest

from cltk.interfaces import History


@pytest.fixture
def matrix() -> Callable[..., History]:
    """Makes a history of the rows of an accuracy matrix, the untrained one first; the rest of it is neutral."""

    def make(*rows: tuple[float, ...]) -> History:
        tasks = len(rows) - 1
        assert all(len(row) == tasks for row in rows)
        ones = (1,) * tasks
        return History(rows, ones, (0,) * tasks, 1, ones, ones)

    return make


@pytest.fixture
def losing(matrix: Callable[..., History]) -> History:
    """Three tasks, of which the first two are forgotten bit by bit."""
    return matrix(
        (0.1, 0.2, 0.3),
        (0.9, 0.4, 0.0),
        (0.6, 0.8, 0.5),
        (0.3, 0.7, 1.0),
    )


@pytest.fixture
def gaining(matrix: Callable[..., History]) -> History:
    """Three tasks, of which the first two get better after they were learned."""
    return matrix(
        (0.5, 0.5, 0.5),
        (0.4, 0.9, 0.2),
        (0.7, 0.5, 0.1),
        (0.6, 0.8, 0.3),
    )


@pytest.fixture
def single(matrix: Callable[..., History]) -> History:
    return matrix((0.1,), (0.8,))
