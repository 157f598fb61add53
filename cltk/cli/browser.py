"""A page in the user's browser, where there is one."""

from __future__ import annotations

import os
import sys
import webbrowser

__all__ = ["open_in_browser"]

_WINDOWS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""Variables of which one is set where a browser can open a window: one in the terminal would cover it."""


def open_in_browser(address: str) -> None:
    """Opens a page where there is a desktop, or where ``BROWSER`` names a browser; elsewhere does nothing."""
    if sys.platform in ("darwin", "win32") or any(map(os.environ.get, _WINDOWS)):
        webbrowser.open(address)
