"""Takes the pictures of MLflow's interface that the docs show: ``python docs/screenshots.py``, by hand, with Chromium.

It records a small study on the digits in a temporary store, opens ``cltk ui`` over it, and goes through its pages.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image

PICTURES = Path(__file__).parent / "images"
SIZE = (1280, 800)
COLOURS = 64
"""Enough for an interface, and a third of the bytes."""
LIMIT = 150_000
PATIENCE = 120.0
"""Seconds until a page must show what is waited for."""
STUDY = (
    "ablate --axis strategy=finetune,experience-replay,joint --scenario split-digits --strategy.classifier.steps 100 "
    "--seeds 0..2 --name first"
)


class Browser:
    """A headless Chromium, which is told what to do over a pipe, in the words of the DevTools protocol."""

    def __init__(self, folder: str) -> None:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        options = [
            f"--user-data-dir={folder}",
            f"--window-size={SIZE[0]},{SIZE[1]}",
            "--hide-scrollbars",
            "--no-sandbox",
        ]
        call = f'exec "$@" 3<&{commands} 4>&{answers}'
        chromium = ["chromium", "--headless", "--disable-gpu", "--remote-debugging-pipe", *options]
        self._process = subprocess.Popen(  # noqa: S603
            ["bash", "-c", call, "bash", *chromium],  # noqa: S607
            pass_fds=(commands, answers),
            stderr=subprocess.DEVNULL,
        )
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=SIZE[0], height=SIZE[1], deviceScaleFactor=1, mobile=False
        )

    def go(self, address: str) -> None:
        """Opens a page."""
        self._ask("Page.navigate", url=address)

    def wait(self, text: str) -> None:
        """Waits until the page shows a text."""
        limit = time.monotonic() + PATIENCE
        while not self.evaluate(f"document.body.innerText.includes({json.dumps(text)})"):
            if time.monotonic() > limit:
                raise TimeoutError(text)
            time.sleep(0.5)
        time.sleep(3)  # What is drawn, and not text, has come by then.

    def evaluate(self, script: str) -> Any:
        """What JavaScript comes to."""
        return self._ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def click(self, selector: str, text: str = "") -> None:
        """Clicks the first element of a selector that bears a text."""
        bears = f"e => e.innerText.includes({json.dumps(text)})"
        found = f"[...document.querySelectorAll({json.dumps(selector)})].find({bears})"
        limit = time.monotonic() + PATIENCE
        while not self.evaluate(f"(() => {{ const e = {found}; e?.click(); return !!e; }})()"):
            if time.monotonic() > limit:
                raise TimeoutError(f"{selector} {text}")
            time.sleep(0.5)

    def photograph(self, name: str) -> None:
        """Keeps a picture of the page, in few colours."""
        shot = base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])
        path = PICTURES / f"mlflow-{name}.png"
        Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS).save(path, optimize=True)
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes{', which is too many' if size > LIMIT else ''}", flush=True)

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()

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


@contextmanager
def served(store: Path) -> Iterator[str]:
    """The page that ``cltk ui`` opens over a store."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cltk", "ui", "--no-browser", "--port", str(port), "--store", str(store)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            yield next(line for line in server.stderr or () if line.startswith("http")).strip()
        finally:
            server.send_signal(signal.SIGTERM)


def tour(browser: Browser, page: str) -> None:
    """Opens, finds, compares, and looks into a run."""
    browser.go(page)
    browser.wait("matching runs")
    browser.click("[data-component-id='mlflow.assistant.chat_panel.close']")
    browser.wait("joint")
    browser.photograph("open")
    compared = browser.evaluate(
        "[...document.querySelectorAll('[role=row] a[href*=\"/runs/\"]')].map(a => a.href.split('/').at(-1))"
    )
    browser.click("a[href*='/runs/']", "joint")
    browser.wait("Mean accuracy on each task")
    browser.click("button", "Show more")
    browser.photograph("run")
    found = quote("tags.kind = 'run' and metrics.`final-average-accuracy` > 0.8")
    order = "orderByKey=metrics.%60final-average-accuracy%60&orderByAsc=false"
    browser.go(f"{page.partition('&')[0]}&searchFilter={found}&{order}")
    browser.wait("matching runs")
    browser.photograph("find")
    root, _, rest = page.partition("/experiments/")
    number = rest.partition("/")[0]
    browser.go(f"{root}/compare-runs?runs={quote(json.dumps(compared))}&experiments={quote(json.dumps([number]))}")
    browser.wait("Comparing")
    browser.photograph("compare")


def main() -> int:
    """Records, opens and photographs."""
    if shutil.which("chromium") is None:
        print("There is no chromium on the path.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = Path(folder) / "runs"
        subprocess.run([sys.executable, "-m", "cltk", *STUDY.split(), "--store", store], check=True)  # noqa: S603
        with served(store) as page:
            browser = Browser(f"{folder}/browser")
            try:
                tour(browser, page)
            finally:
                browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
