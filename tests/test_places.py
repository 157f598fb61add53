"""Where a setting was given: the line of a file, whatever its layout; a variable; an option."""

from __future__ import annotations

from pathlib import Path

import pytest

from cltk.errors import ConfigError
from cltk.places import Places

FILE = '''# A comment
name = "a"  # another

description = """
seeds = 3
[generator]
"""
strategy.classifier = { optimizer = "sgd", lr = 1 }
[generator]
hidden = [
  4,  # of the first layer
  5,
]
latent-dim = 3

[[ablate.variants]]
name = "one"
[[ablate.variants]]
"generator.beta" = 2
'''


def told(at: str, places: Places) -> str:
    return places.tell(ConfigError("wrong", at=at)).problem


@pytest.mark.parametrize(
    ("at", "line"),
    [
        ("name", 2),
        ("description", 4),
        ("strategy.classifier.optimizer", 8),
        ("generator", 9),
        ("generator.hidden.1", 10),
        ("generator.latent_dim", 14),
        ("generator.unheard.of", 9),
        ("ablate.variants.1", 18),
        ("ablate.variants.1.generator.beta", 19),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_line_of_a_field_or_of_what_it_is_in(tmp_path: Path, at: str, line: int, ending: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(FILE, newline=ending)
    assert told(at, Places(path)) == f"{path}:{line}: wrong"


def test_the_line_of_the_file_that_is_extended(tmp_path: Path) -> None:
    above, below = tmp_path / "above.toml", tmp_path / "below.toml"
    below.write_text("[generator]\nlatent_dim = 1\nbeta = 2\n")
    above.write_text('extends = "below.toml"\ngenerator.beta = 3\n')
    assert told("generator.latent_dim", Places(above)) == f"{below}:2: wrong"
    assert told("generator.beta", Places(above)) == f"{above}:2: wrong"


def test_an_option_counts_before_a_variable_before_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("[generator]\nlatent_dim = 1\n")
    variables = {"CLTK_GENERATOR__LATENT_DIM": "2", "CLTK_STORE": "x"}
    words = ["--generator.latent-dim=3", "--seeds", "0-4", "--axis", "generator.beta=1,2"]
    assert told("generator.latent_dim", Places(path)) == f"{path}:2: wrong"
    assert told("generator.latent_dim", Places(path, variables)) == "CLTK_GENERATOR__LATENT_DIM: wrong"
    assert told("generator.latent_dim", Places(path, variables, words)) == "--generator.latent-dim: wrong"
    assert told("ablate.seeds", Places(path, variables, words)) == "--seeds: wrong"
    assert told("ablate.axes.generator.beta", Places(path, variables, words)) == "--axis generator.beta: wrong"


def test_a_field_of_a_table_has_the_place_that_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('seeds = [0]\n[ablate]\nseeds = [1]\nobjective = "a"\n')
    words = ["--objective", "b"]
    assert told("ablate.seeds", Places(path, {}, words)) == f"{path}:3: wrong"
    assert told("ablate.objective.metrics.0", Places(path)) == f"{path}:4: wrong"
    assert told("ablate.objective.metrics.0", Places(path, {}, words)) == "--objective: wrong"
    assert told("ablate.seeds", Places(path, {"CLTK_SEEDS": "x"})) == "CLTK_SEEDS: wrong"


def test_nothing_is_said_of_the_place_of_what_nobody_gave() -> None:
    assert told("generator.beta", Places()) == "wrong"
    assert told("", Places()) == "wrong"
