"""Takes the pictures of MLflow's interface that the docs show: ``python -m docs.screenshots``, by hand, with Chromium.

It records a small study on the digits in a temporary store, opens ``cltk ui`` over it, and goes through its pages.
"""

from __future__ import annotations

import io
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from tests.browser import Browser, chromium

PICTURES = Path(__file__).parent / "images"
COLOURS = 64
"""Enough for an interface, and a third of the bytes."""
LIMIT = 150_000
DRAWN = 3.0
"""Seconds in which what is drawn, and not text, has come."""
STUDY = (
    "ablate --axis strategy=finetune,experience-replay,joint --scenario split-digits --strategy.classifier.steps 100 "
    "--seeds 0..2 --name first"
)


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


def photograph(browser: Browser, name: str) -> None:
    """Keeps a picture of the page, in few colours."""
    time.sleep(DRAWN)
    path = PICTURES / f"mlflow-{name}.png"
    Image.open(io.BytesIO(browser.picture())).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path.name}: {size:,} bytes{', which is too many' if size > LIMIT else ''}", flush=True)


def tour(browser: Browser, page: str) -> None:
    """Opens, finds, compares, and looks into a run."""
    browser.go(page)
    browser.wait("matching runs")
    browser.click("[data-component-id='mlflow.assistant.chat_panel.close']")
    browser.wait("joint")
    photograph(browser, "open")
    compared = browser.evaluate(
        "[...document.querySelectorAll('[role=row] a[href*=\"/runs/\"]')].map(a => a.href.split('/').at(-1))"
    )
    browser.click("a[href*='/runs/']", "joint")
    browser.wait("Mean accuracy on each task")
    browser.click("button", "Show more")
    photograph(browser, "run")
    browser.go(page)
    browser.wait("joint")
    browser.type("input[placeholder^='metrics.rmse']", "tags.kind = 'run' and metrics.`final-average-accuracy` > 0.8")
    browser.wait("seed 0")
    photograph(browser, "find")
    root, _, rest = page.partition("/experiments/")
    number = rest.partition("/")[0]
    browser.go(f"{root}/compare-runs?runs={quote(json.dumps(compared))}&experiments={quote(json.dumps([number]))}")
    browser.wait("Comparing")
    photograph(browser, "compare")


def main() -> int:
    """Records, opens and photographs."""
    if chromium() is None:
        print("There is no chromium on the path.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        store = Path(folder) / "runs"
        subprocess.run([sys.executable, "-m", "cltk", *STUDY.split(), "--store", store], check=True)  # noqa: S603
        with served(store) as page, Browser() as browser:
            tour(browser, page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
