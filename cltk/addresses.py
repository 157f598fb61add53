"""Addresses of servers and databases, as they may be shown: whatever may be a secret is left out."""

from __future__ import annotations

import re

__all__ = ["without_secrets", "without_secrets_of"]

_USER = re.compile(r"(?<=://)(?!/)\S*@")
_PARAMETER = re.compile(r"(?<=[?&;])([^=&;\s]+)=[^&;\s]*")


def without_secrets(text: str) -> str:
    """An address, or a text with addresses in it, without users, passwords and the values of parameters."""
    return _PARAMETER.sub(r"\1=***", _USER.sub("***@", text))


def without_secrets_of(address: str, text: str) -> str:
    """A text, such as the message of a driver, that may quote an address that is not well formed in parts."""
    text = without_secrets(text)
    for part in _secret_parts(address):
        text = text.replace(part, "***")
    return text


def _secret_parts(address: str) -> list[str]:
    """The pieces that a password and the values of parameters may be cut into, the longest first."""
    passwords = [user.group().partition(":")[2] for user in _USER.finditer(address)]
    values = [parameter.group().partition("=")[2] for parameter in _PARAMETER.finditer(address)]
    parts = {part for secret in (*passwords, *values) for part in re.split("[/@:]", secret) if len(part) > 2}
    return sorted(parts, key=len, reverse=True)
