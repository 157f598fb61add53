"""Whatever is typed, and whatever is in the file: one clear message and a documented exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.conftest import FINETUNE
from tests.commandline import Done, run_cli

EXAMPLES = 250

NAMES = """
    vae mlp fixed linear manual equal generative-replay gdumb finetune
    joint split-mnist split-digits conv-vae gaussian-mixture final-average-accuracy cltk-vae:vae nothing VAE -
"""
names = st.sampled_from(["", *NAMES.split()])
slots = st.sampled_from(["scenario", "strategy", "generator", "classifier", "schedule", "metric", "optimizer"])
FIELDS = """
    latent-dim hidden beta samples counts per-task exponent tasks classes
    setting dropout classifier.epochs generator.lr replay.refresh replay.labels buffer name a.b.c __class__
"""
fields = st.sampled_from(["", *FIELDS.split()])
values = st.one_of(
    st.integers(-3, 10**12).map(str),
    st.floats(allow_nan=True).map(str),
    st.sampled_from(
        ["true", "none", "null", "[1,2]", "1,2,3", "{}", "[", "task", "soft", "class", "\x1b[0m", "ü", "a" * 300]
    ),
    st.text(max_size=12).filter(lambda text: "\x00" not in text),
)
options = st.one_of(
    st.tuples(slots.map(lambda slot: f"--{slot}"), names),
    st.tuples(st.tuples(slots, fields).map(lambda pair: f"--{pair[0]}.{pair[1]}"), values),
    st.tuples(
        st.sampled_from(["--seeds", "--threads", "--precision", "--device", "--name", "--checkpoint-every"]), values
    ),
    st.tuples(st.sampled_from(["--json", "--quiet", "--resume", "--restart", "--from-run", "--genrator", "-x", "--"])),
    st.tuples(values),
)
commands = st.sampled_from(
    [
        ["run"],
        ["plugins", "show"],
        ["plugins", "list"],
        ["plugins", "new"],
        ["plugins"],
        ["data", "list"],
        ["schema"],
        ["sync"],
        ["cite"],
        ["run", "--scenario", "split-mnist"],
        ["nothing"],
        [],
    ]
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**6), st.floats(), st.text(max_size=8), names)
tables = st.recursive(
    st.one_of(scalars, st.lists(scalars, max_size=3)),
    lambda inner: st.dictionaries(st.one_of(fields, st.text(max_size=6)), inner, max_size=3),
    max_leaves=6,
)
experiments = st.dictionaries(
    st.one_of(slots, st.sampled_from(["name", "seeds", "metrics", "evaluate"])), tables, max_size=4
)


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder in which no data is found, so that no experiment gets as far as training."""
    return tmp_path_factory.mktemp("nowhere")


def _type(nowhere: Path, *words: str) -> Done:
    return run_cli(*words, CLTK_DATA_DIR=str(nowhere), CLTK_STORE=str(nowhere / "runs"), CLTK_OFFLINE="1")


def _is_clear(done: Done) -> None:
    assert done.status in (0, 1, 2, 3)
    assert "Traceback" not in done.out + done.err
    assert "failed where it should not have" not in done.said
    assert done.status == 0 or done.err or done.out


@pytest.mark.slow
@settings(max_examples=2 * EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(commands, st.lists(options, max_size=4))
def test_any_command_line(nowhere: Path, command: list[str], words: list[tuple[str, ...]]) -> None:
    typed = [word for group in words for word in group]
    scenario = ["--scenario", "split-mnist"] if command == ["run"] else []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(nowhere)
        _is_clear(_type(nowhere, *command, *typed, *scenario))


@pytest.mark.slow
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(experiments)
def test_any_experiment_file(nowhere: Path, experiment: dict[str, Any]) -> None:
    path = nowhere / "experiment.toml"
    path.write_text(tomli_w.dumps(_without_none(experiment)))
    _is_clear(_type(nowhere, "run", str(path), "--scenario", "split-mnist"))


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_as_a_file(nowhere: Path, content: bytes) -> None:
    path = nowhere / "bytes.toml"
    path.write_bytes(content)
    _is_clear(_type(nowhere, "run", str(path), "--scenario", "split-mnist"))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.3, 0.9]),
    st.integers(1, 5),
    st.integers(0, 9),
)
def test_any_valid_configuration_runs(tmp_path: Path, hidden: list[int], dropout: float, tasks: int, seed: int) -> None:
    sizes = ["--classifier.hidden", ",".join(map(str, hidden)), "--classifier.dropout", str(dropout)]
    words = [
        *FINETUNE,
        *sizes,
        "--scenario.tasks",
        str(tasks),
        "--seeds",
        str(seed),
        "--restart",
        "--sink",
        "none",
        "--json",
    ]
    done = run_cli(*words, "--store", tmp_path)
    assert done.status == 0
    assert len(done.json["accuracy"]) == tasks + 1


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value if inner is not None] if isinstance(value, list) else value
