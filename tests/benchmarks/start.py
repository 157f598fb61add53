"""All of ``cltk run`` but the training: ``python tests/benchmarks/start.py``, on the digits.

In turn, a whole command with everything that it leaves behind, MLflow's runs and figures too, and ``import torch``.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
OPTIONS = ["--scenario", "split-digits", "--threads", "1", "--json", "--strategy.generator.min-steps", "200"]


def _seconds(*command: str) -> tuple[float, str]:
    started = time.perf_counter()
    process = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    if process.returncode:
        sys.exit(f"'{' '.join(command)}' failed: {process.stderr.strip()}")
    return time.perf_counter() - started, process.stdout


def main() -> None:
    imports, others = [], []
    for _ in range(ROUNDS):
        imports.append(_seconds("-c", "import torch")[0])
        with tempfile.TemporaryDirectory() as store:
            seconds, output = _seconds("-m", "cltk", "run", *OPTIONS, "--store", store)
        trained = json.loads(output)["seconds"]["total"]
        others.append(seconds - trained)
        print(f"import torch {imports[-1]:.2f} s; cltk run {seconds:.2f} s, of which {trained:.2f} s are training")
    beside = statistics.median(other - torch for other, torch in zip(others, imports, strict=True))
    print(f"everything but training: {statistics.median(others):.2f} s, {beside:.2f} s more than importing torch")


if __name__ == "__main__":
    main()
