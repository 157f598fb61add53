"""Wrong sources of records."""

import socket

import pytest

from cltk.errors import StoreError
from cltk.interfaces import RecordSource
from cltk.testing import NotRunError, checks_of, conformance_tests


class Empty(RecordSource):
    """Has nothing."""

    def study(self, name):
        return None

    def records(self, study, wanted):
        return ()


test_good = conformance_tests(Empty)


def _unreachable(self, name):
    raise StoreError("The server does not answer.")


def _connecting(self, name):
    socket.create_connection(("127.0.0.1", 9))


@pytest.mark.parametrize(
    "attributes", [{"study": lambda self, name: {}}, {"records": lambda self, study, wanted: [study]}]
)
def test_what_is_made_up_is_found(failing, attributes):
    assert failing(Empty, **attributes) == {"says-what-it-does-not-have"}


@pytest.mark.parametrize("study", [_unreachable, _connecting])
def test_a_source_without_its_server_cannot_be_judged(study):
    cls = type("Server", (Empty,), {"study": study})
    with pytest.raises(NotRunError):
        dict(checks_of(cls))["says-what-it-does-not-have"]()
