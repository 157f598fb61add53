"""How many items a second processes can take from a study's queue that do nothing but take and finish them.

    python tests/benchmarks/claims.py [--study-db FOLDER_OR_URL] [--processes 64] [--items 1500] [--ask]

With ``--ask``, Optuna's own ``ask`` and ``tell`` take as many items from a study of their own, in turn with ours.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections import Counter
from typing import Any

import optuna
from arguments import count, errors_told

from cltk_studies.questions.items import Item
from cltk_studies.work.database import open_database
from cltk_studies.work.queue import Queue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study-db")
    parser.add_argument("--processes", type=count, default=64)
    parser.add_argument("--items", type=count, default=1500)
    parser.add_argument("--ask", action="store_true")
    options = parser.parse_args()
    print(f"{options.processes} processes, {options.items} items", flush=True)
    with errors_told(parser), tempfile.TemporaryDirectory() as folder:
        for ask in [False, True] if options.ask else [False]:
            _measure(options.study_db or folder, options.processes, options.items, ask=ask)


def _measure(where: str, processes: int, items: int, *, ask: bool) -> None:
    name = f"claims-{time.time_ns()}"
    database = open_database(where)
    Queue(database, name, ["maximize"]).submit([Item(str(number)) for number in range(items)])
    database.disconnect()
    taken, seconds = _drain(where, name, processes, ask=ask)
    doubled = sum(count - 1 for count in taken.values())
    who = "Optuna's ask" if ask else "the queue"
    print(f"{who}: {items / seconds:.1f} a second, {items - len(taken)} lost, {doubled} doubled", flush=True)


def _drain(where: str, name: str, processes: int, *, ask: bool) -> tuple[Counter[str], float]:
    """Which items were finished how often, and the seconds from the first claim to the last."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(processes + 1), context.SimpleQueue()
    members = [context.Process(target=_take, args=(where, name, ask, barrier, results)) for _ in range(processes)]
    for member in members:
        member.start()
    barrier.wait()
    begun = time.monotonic()
    taken: Counter[str] = Counter()
    for _ in members:
        taken.update(results.get())
    seconds = time.monotonic() - begun
    for member in members:
        member.join()
    return taken, seconds


def _take(where: str, name: str, ask: bool, barrier: Any, results: Any) -> None:
    queue = Queue(open_database(where, is_there=True), name)
    keys = []
    barrier.wait()
    if ask:
        while (trial := queue.study.ask()).user_attrs.get("key"):
            keys.append(trial.user_attrs["key"])
            queue.study.tell(trial, 1.0)
    else:
        while lease := queue.claim("a worker"):
            keys.append(lease.trial.user_attrs["key"])
            lease.finish([1.0])
    results.put(keys)


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    main()
