"""No form of an address shows what may be a secret."""

from __future__ import annotations

import pytest

from cltk.addresses import without_secrets, without_secrets_of


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://me:secret@host/path", "http://***@host/path"),
        ("postgresql://me:sec/ret@host/runs", "postgresql://***@host/runs"),
        ("postgresql://me:se@ret@host/runs", "postgresql://***@host/runs"),
        ("postgresql://host/runs?user=me&password=secret", "postgresql://host/runs?user=***&password=***"),
        ("http://host/?token=secret", "http://host/?token=***"),
        ("sqlite:////folder/mlflow.db", "sqlite:////folder/mlflow.db"),
        ("sqlite:////folder/me@home/mlflow.db", "sqlite:////folder/me@home/mlflow.db"),
    ],
)
def test_secrets_are_not_shown(address: str, shown: str) -> None:
    assert without_secrets(address) == shown
    assert without_secrets(f"Nobody answers at {address} today.") == f"Nobody answers at {shown} today."


def test_an_address_that_is_not_well_formed_shows_none_in_parts() -> None:
    said = "invalid port 'sec' in 'ret@host'"
    assert without_secrets_of("http://me:sec/ret@host", said) == "invalid port '***' in '***@host'"
