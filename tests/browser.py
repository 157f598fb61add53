"""A browser for tests and for the pictures of the docs: headless Chromium, over the DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Any

__all__ = ["Browser", "chromium"]

_PATIENCE = 120.0
"""Seconds until a page must show what is waited for."""


def chromium() -> str | None:
    """The program, by whichever name it is installed; None where it is not."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """A window with a profile of its own, which nobody has used before.

    Args:
        width: Of the window, in pixels.
        height: Of the window, in pixels.
        dark: Whether its user prefers dark pages.

    Raises:
        FileNotFoundError: There is no Chromium.
    """

    def __init__(self, width: int = 1280, height: int = 800, *, dark: bool = False) -> None:
        program = chromium()
        if program is None:
            raise FileNotFoundError("There is no chromium on the path.")
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        options = ["--headless", "--disable-gpu", "--hide-scrollbars", "--no-sandbox"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={self._profile.name}"]
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash", program, *options],
            pass_fds=(commands, answers),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def __enter__(self) -> Browser:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self._process.terminate()
        self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        self._profile.cleanup()

    def go(self, address: str) -> None:
        """Opens a page, and waits until its documents and scripts are loaded."""
        self._ask("Page.navigate", url=address)
        self._wait_for("document.readyState === 'complete'", address)

    def wait(self, text: str) -> None:
        """Waits until the page shows a text."""
        self._wait_for(f"document.body.innerText.includes({json.dumps(text)})", text)

    def evaluate(self, script: str) -> Any:
        """What JavaScript comes to, when it is a promise what that comes to."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", script))
        return answer["result"].get("value")

    def click(self, selector: str, text: str = "") -> None:
        """Clicks the first element of a selector that bears a text."""
        bears = f"e => e.innerText.includes({json.dumps(text)})"
        first = f"[...document.querySelectorAll({json.dumps(selector)})].find({bears})"
        self._wait_for(f"(() => {{ const e = {first}; e?.click(); return !!e; }})()", f"{selector} {text}")

    def type(self, selector: str, text: str) -> None:
        """Replaces what is in the first field of a selector, and presses the Enter key."""
        self._wait_for(f"!!document.querySelector({json.dumps(selector)})", selector)
        self.evaluate(f"(e => {{ e.focus(); e.select(); }})(document.querySelector({json.dumps(selector)}))")
        self._ask("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            key = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
            self._ask("Input.dispatchKeyEvent", type=kind, **key)

    def picture(self) -> bytes:
        """The page as it is seen, as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def _wait_for(self, condition: str, what: str) -> None:
        limit = time.monotonic() + _PATIENCE
        while not self.evaluate(condition):
            if time.monotonic() > limit:
                raise TimeoutError(what)
            time.sleep(0.1)

    def _ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        session = {} if self._session is None else {"sessionId": self._session}
        message = {"id": self._number, "method": method, "params": params} | session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def _read(self) -> Any:
        while b"\0" not in self._rest:
            self._rest += os.read(self._answers, 1 << 20)
        answer, _, self._rest = self._rest.partition(b"\0")
        return json.loads(answer)
