"""``references = true``: joint training and fine-tuning beside the cells, made once for all studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cltk.runs.reading import read_record

Write = Callable[..., Path]
Cli = Callable[..., Any]

METRICS = ("intransigence", "normalised-stability", "normalised-plasticity", "normalised-forgetting")


def table(**learning_rates: float) -> str:
    """Variants of experience replay, by name, which differ in the learning rate; references beside them."""
    lines = ["[ablate]", "references = true"]
    for name, rate in learning_rates.items():
        lines += ["[[ablate.variants]]", f'name = "{name}"', 'strategy.name = "experience-replay"']
        lines += ["strategy.buffer = 20", f"strategy.classifier = {{ epochs = 1, min_steps = 0, lr = {rate} }}"]
    return "\n".join(lines)


def test_they_are_cells_run_once_for_all_studies_and_found_by_metrics(write: Write, cli: Cli, store: Path) -> None:
    first = cli("ablate", write(table(replay=0.01)), "--store", store, "--json")
    assert first.status == 0, first.err
    assert sorted(cell["name"] for cell in first.json["cells"]) == ["finetune", "joint", "replay"]

    again = write(table(replay=0.01).replace("buffer = 20", "buffer = 40"), name="again")
    plan = cli("ablate", again, "--store", store, "--dry-run", "--json")
    assert {cell["name"]: cell["open"] for cell in plan.json["cells"]} == {
        "replay": [0, 1],
        "joint": [],
        "finetune": [],
    }

    asked = [word for name in METRICS for word in ("--metric", name)]
    report = cli("report", "small", "--store", store, "--json", *asked)
    values = {cell["name"]: cell["metrics"] for cell in report.json["cells"]}
    assert set(METRICS) <= set(values["replay"])
    assert values["finetune"]["normalised-forgetting"]["mean"] == 1.0
    assert values["finetune"]["normalised-plasticity"]["mean"] == 1.0
    assert values["joint"]["intransigence"]["mean"] == 0.0


def test_cells_of_other_budgets_have_their_own(write: Write, cli: Cli, store: Path) -> None:
    plan = cli("ablate", write(table(slow=0.001, fast=0.1)), "--store", store, "--dry-run", "--json")
    assert plan.status == 0, plan.err
    names = [cell["name"] for cell in plan.json["cells"]]
    assert names == ["slow", "fast", "joint", "finetune", "joint as fast", "finetune as fast"]


def test_a_method_in_one_network_shares_its_budget(write: Write, cli: Cli, store: Path) -> None:
    lines = ["[ablate]", "references = true", "[[ablate.variants]]", 'name = "feedback"']
    lines += ['strategy = { name = "feedback-replay", network = { steps = 3, lr = 0.02 } }']
    study = cli("ablate", write("\n".join(lines)), "--store", store, "--json")
    assert study.status == 0, study.err
    records = [read_record(path) for path in store.glob("*/record.json")]
    budgets = {record.config["strategy"]["name"]: record.config["strategy"].get("classifier") for record in records}
    assert budgets["joint"]["lr"] == budgets["finetune"]["lr"] == 0.02


def test_a_field_of_the_table_that_stands_above_it_is_sent_there(write: Write, cli: Cli, store: Path) -> None:
    file = write(table(replay=0.01).replace("references = true", ""))
    file.write_text("references = true\n" + file.read_text())
    refused = cli("ablate", file, "--store", store)
    assert refused.status == 2
    assert "The field 'references' is one of [ablate]." in refused.err
    assert "Put it below [ablate]." in refused.err


def test_an_objective_says_which_references_it_lacks_and_finds_them_in_the_store(
    write: Write, cli: Cli, store: Path
) -> None:
    with_references = table(replay=0.01)
    alone = write(with_references.replace("references = true", 'objective = "normalised-stability"'))
    options = ["--store", store, "--sink", "none"]
    shown = cli("ablate", alone, *options)
    assert shown.status == 0, shown.err
    assert (
        "No value (-) of normalised-stability: no finished run of its reference 'joint' is in the store." in shown.out
    )
    assert "'references = true' in [ablate]" in shown.out
    (row,) = [line.split() for line in shown.out.splitlines() if line.startswith("replay ")]
    assert row[1:3] == ["-", "baseline"]

    assert cli("ablate", write(with_references, name="references"), *options).status == 0
    again = cli("ablate", alone, *options)
    assert "No value" not in again.out
    (row,) = [line.split() for line in again.out.splitlines() if line.startswith("replay ")]
    assert float(row[1]) > 0
