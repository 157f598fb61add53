"""Layers of an experiment, what is refused, and how it is said."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from cltk.config import Settings, Sizes, check
from cltk.errors import ConfigError, Faults, closest
from cltk.experiment import Experiment, config_hash
from cltk.layers import combine, environment_overrides, overlay, override_at, parse_value, read_toml

words = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=12),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
slots = st.builds(lambda name, fields: {**fields, "name": name}, words, st.dictionaries(words, values, max_size=3))
experiments = st.fixed_dictionaries(
    {"name": words, "seeds": st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=4, unique=True)},
    optional={
        "scenario": slots,
        "generator": slots,
        "schedule": slots,
        "metrics": st.lists(slots, max_size=2),
        "evaluate": st.sampled_from(["test", "validation"]),
    },
)


def experiment(**layer: Any) -> Experiment:
    return check(Experiment, layer, "the experiment")


def refusal(**layer: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        experiment(**layer)
    return caught.value


class Inner(Settings):
    lr: float = Field(0.1, gt=0)


class Outer(Settings):
    inner: Inner = Inner()
    sizes: Sizes = (3,)


class Mixed(Settings):
    """Fields of several types."""

    count: int = 1
    share: float = 0.5
    sizes: Sizes = (1,)
    online: bool = False
    which: int | bool = 1


@pytest.mark.parametrize("values", [{"count": True}, {"share": False}, {"sizes": True}, {"sizes": [3, True]}])
def test_true_and_false_are_no_numbers(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="true and false are no numbers"):
        check(Mixed, values, "it")


def test_true_and_false_are_taken_where_they_are_expected() -> None:
    assert check(Mixed, {"online": True, "which": False}, "it") == Mixed(online=True, which=False)


class TestLayers:
    def test_a_later_layer_wins_field_by_field(self) -> None:
        below = {"name": "file", "generator": {"name": "vae", "hidden": [9], "latent_dim": 2}}
        above = {"generator": {"latent_dim": 7}}
        assert overlay([below, above]) == {"name": "file", "generator": {"name": "vae", "hidden": [9], "latent_dim": 7}}

    def test_nested_fields_are_merged_too(self) -> None:
        below = {"strategy": {"name": "s", "classifier": {"epochs": 1, "lr": 0.5}}}
        above = override_at("strategy.classifier.epochs", 3)
        assert overlay([below, above])["strategy"]["classifier"] == {"epochs": 3, "lr": 0.5}

    @pytest.mark.parametrize("other", ["gan", {"name": "gan"}])
    def test_another_component_drops_the_settings_of_the_one_below(self, other: Any) -> None:
        merged = overlay([{"generator": {"name": "vae", "latent_dim": 2}}, {"generator": other}])
        assert experiment(**merged).generator == experiment(generator="gan").generator

    def test_naming_the_same_component_again_keeps_its_settings(self) -> None:
        merged = overlay([{"generator": {"name": "vae", "latent_dim": 2}}, {"generator": "vae"}])
        assert merged == {"generator": {"name": "vae", "latent_dim": 2}}

    @pytest.mark.parametrize(("below", "above"), [("vae", "cltk-vae:vae"), ("cltk-vae:vae", "vae")])
    def test_naming_its_distribution_keeps_its_settings(self, below: str, above: str) -> None:
        merged = overlay([{"generator": {"name": below, "latent_dim": 2}}, {"generator": above}])
        assert merged == {"generator": {"name": above, "latent_dim": 2}}

    @pytest.mark.parametrize(("below", "above"), [("acme:vae", "cltk-vae:vae"), ("vae", "cltk-vae:class-vae")])
    def test_another_qualified_component_drops_the_settings_of_the_one_below(self, below: str, above: str) -> None:
        merged = overlay([{"generator": {"name": below, "latent_dim": 2}}, {"generator": above}])
        assert merged == {"generator": {"name": above}}

    def test_a_distribution_is_the_same_however_its_name_is_spelt(self) -> None:
        below = {"generator": {"name": "acme-gan:gan", "latent_dim": 50}}
        layer = overlay([below, {"generator": "Acme_GAN:gan"}])
        assert layer["generator"] == {"name": "Acme_GAN:gan", "latent_dim": 50}

    def test_settings_of_an_unnamed_component_stay_when_it_is_named(self) -> None:
        merged = overlay([{"generator": {"latent_dim": 2}}, {"generator": "vae"}])
        assert merged == {"generator": {"name": "vae", "latent_dim": 2}}

    def test_a_layer_is_the_same_in_whatever_order_it_was_written(self) -> None:
        parts = [override_at("generator.latent-dim", 2), {"generator": "vae"}, override_at("generator.hidden", [5])]
        expected = {"generator": {"name": "vae", "latent_dim": 2, "hidden": [5]}}
        assert combine(parts) == combine(reversed(parts)) == expected

    def test_merging_changes_no_layer(self) -> None:
        below = {"strategy": {"name": "s", "classifier": {"epochs": 1}}}
        overlay([below, override_at("strategy.classifier.epochs", 3)])
        assert below == {"strategy": {"name": "s", "classifier": {"epochs": 1}}}


class TestEnvironment:
    def test_variables_name_fields_with_two_underscores_for_a_dot(self) -> None:
        layer = environment_overrides(
            {"CLTK_STRATEGY__CLASSIFIER__EPOCHS": "3", "CLTK_SEEDS": "1", "HOME": "/"}, Faults()
        )
        assert layer == {"strategy": {"classifier": {"epochs": 3}}}

    def test_a_component_and_its_fields_can_both_be_variables(self) -> None:
        layer = environment_overrides({"CLTK_GENERATOR__LATENT_DIM": "3", "CLTK_GENERATOR": "gan"}, Faults())
        assert overlay([{"generator": {"name": "vae", "beta": 2}}, layer]) == {
            "generator": {"name": "gan", "latent_dim": 3}
        }

    def test_an_empty_variable_counts_as_unset(self) -> None:
        assert environment_overrides({"CLTK_GENERATOR": "", "CLTK_GENERATOR__LATENT_DIM": ""}, Faults()) == {}

    def test_a_field_of_no_slot_is_refused_with_the_nearest_slot(self) -> None:
        faults = Faults()
        assert environment_overrides({"CLTK_GENRATOR__LATENT_DIM": "3", "CLTK_GENERATOR": "gan"}, faults) == {
            "generator": {"name": "gan"}
        }
        (fault,) = faults.all
        assert "CLTK_GENRATOR__LATENT_DIM" in fault.problem
        assert "Did you mean 'generator'?" in fault.advice


class TestToml:
    def test_dashes_in_keys_count_as_underscores(self, tmp_path: Path) -> None:
        path = tmp_path / "a.toml"
        path.write_text("[generator]\nlatent-dim = 3\n[strategy.classifier]\nmin-steps = 0\n")
        assert read_toml(path) == {"generator": {"latent_dim": 3}, "strategy": {"classifier": {"min_steps": 0}}}

    def test_a_key_that_is_given_with_dashes_and_without_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "x.toml").write_text("[generator]\nlatent-dim = 3\nlatent_dim = 4\n")
        with pytest.raises(ConfigError, match="'latent_dim' is given twice"):
            read_toml(tmp_path / "x.toml")

    def test_a_syntax_error_says_line_and_column(self, tmp_path: Path) -> None:
        path = tmp_path / "a.toml"
        path.write_text('name = "x"\nseeds = [0,,1]\n')
        with pytest.raises(ConfigError, match=r"a\.toml.*line 2, column 12"):
            read_toml(path)

    @pytest.mark.parametrize("content", [None, b"name = '\xff'"])
    def test_a_file_that_cannot_be_read_is_named(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "a.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(ConfigError, match=r"Cannot read .*a\.toml"):
            read_toml(path)

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="Cannot read"):
            read_toml(tmp_path)

    @given(experiments)
    def test_an_experiment_survives_toml(self, layer: dict[str, Any]) -> None:
        whole = experiment(**layer)
        text = tomli_w.dumps(whole.model_dump(mode="json", exclude_none=True))
        assert experiment(**tomllib.loads(text)) == whole


class TestValues:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("50", 50),
            ("1e-3", 1e-3),
            ("true", True),
            ("task", "task"),
            ("0,10,20", [0, 10, 20]),
            ("[1, 2]", [1, 2]),
            ("a, b", ["a", "b"]),
            ("'1,2'", "1,2"),
            ("-3", -3),
            ("", ""),
            ("cltk-vae:vae", "cltk-vae:vae"),
            ("12:00:00", "12:00:00"),
            ("2026-01-01", "2026-01-01"),
            ("08:00:00,16:00:00", ["08:00:00", "16:00:00"]),
        ],
    )
    def test_values_are_read_as_typed(self, text: str, value: Any) -> None:
        assert parse_value(text) == value

    @given(st.text(max_size=20))
    def test_any_text_is_some_value(self, text: str) -> None:
        parse_value(text)

    @given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=5))
    def test_lists_of_numbers_come_back(self, numbers: list[int]) -> None:
        assert parse_value(",".join(map(str, numbers))) == numbers


class TestSeeds:
    @pytest.mark.parametrize(
        ("given_as", "seeds"),
        [
            (range(2), (0, 1)),
            ("0..4", (0, 1, 2, 3, 4)),
            ("3..3", (3,)),
            ("0,2", (0, 2)),
            (3, (3,)),
            ("3", (3,)),
            ([0, 1], (0, 1)),
        ],
    )
    def test_forms(self, given_as: Any, seeds: tuple[int, ...]) -> None:
        assert experiment(seeds=given_as).seeds == seeds

    @pytest.mark.parametrize("bad", ["4..0", "a", "", "0..2,5", [1, 1], "1,1", [], -1, 1.5, 2**63, "0..99999999999"])
    def test_what_is_refused(self, bad: Any) -> None:
        assert "field 'seeds" in refusal(seeds=bad).problem

    def test_a_seed_that_comes_twice_is_named_as_that(self) -> None:
        assert "the same seed twice" in refusal(seeds=[1, 2, 1]).problem


class TestRefusals:
    def test_an_unknown_field_comes_with_the_nearest_name(self) -> None:
        error = refusal(genrator="vae")
        assert error.exit_status == 2
        assert "there is no field 'genrator'" in error.problem
        assert "Did you mean 'generator'?" in error.advice

    def test_a_nested_unknown_field_comes_with_those_of_its_own_level(self) -> None:
        with pytest.raises(ConfigError, match=r"no field 'inner\.lrr'") as caught:
            check(Outer, {"inner": {"lrr": 1}}, "strategy 'x'")
        assert caught.value.advice == "Did you mean 'lr'? Valid: lr."

    def test_a_value_out_of_range_says_value_and_range(self) -> None:
        with pytest.raises(ConfigError, match=r"strategy 'x': field 'inner\.lr' is -1, expected a number above 0\.$"):
            check(Outer, {"inner": {"lr": -1}}, "strategy 'x'")

    @pytest.mark.parametrize("lr", ["fast", float("nan"), float("inf"), [1], None])
    def test_a_wrong_type_is_refused(self, lr: Any) -> None:
        with pytest.raises(ConfigError, match=r"field 'inner\.lr'"):
            check(Outer, {"inner": {"lr": lr}}, "it")

    @pytest.mark.parametrize(("sizes", "read"), [(4, (4,)), ([4, 5], (4, 5)), ([], ())])
    def test_sizes_are_one_or_several(self, sizes: Any, read: tuple[int, ...]) -> None:
        assert check(Outer, {"sizes": sizes}, "it").sizes == read

    @pytest.mark.parametrize("sizes", [0, [4, -1], "wide", 2.5])
    def test_sizes_are_positive_whole_numbers(self, sizes: Any) -> None:
        with pytest.raises(ConfigError, match="field 'sizes"):
            check(Outer, {"sizes": sizes}, "it")

    def test_all_problems_are_told_at_once(self) -> None:
        error = refusal(name="a b", evaluate="train")
        assert "'name'" in error.problem
        assert "'evaluate'" in error.problem

    def test_names_with_commas_in_them_are_told_apart(self) -> None:
        assert closest("x", ["fixed, size=2", "linear, size=2"]) == "Valid: 'fixed, size=2', 'linear, size=2'."

    def test_a_long_value_is_cut(self) -> None:
        assert len(refusal(name="x y" * 1000).problem) < 300

    @pytest.mark.parametrize("name", ["", "a b", "../up", ".hidden", "x" * 65, "a/b"])
    def test_a_name_must_be_fit_for_a_folder(self, name: str) -> None:
        assert "field 'name'" in refusal(name=name).problem

    def test_an_experiment_cannot_be_changed(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            experiment().name = "other"  # type: ignore[misc]


RESOLVED = {"name": "a", "description": "", "seeds": [0], "generator": {"name": "vae", "beta": 1.0}}
PLUGINS = {"core": "cltk-core 1.0", "generator": "cltk-vae 1.0"}


class Core(Settings):
    a: int = 1
    b: int = 2


class Middle(Settings):
    inner: Core = Core(a=3, b=4)
    c: int = 5


class Whole(Settings):
    middle: Middle = Middle(inner=Core(a=6, b=7))


class TestGroups:
    def test_what_is_not_given_of_a_group_is_the_default_of_the_group_around_it(self) -> None:
        checked = check(Whole, {"middle": {"inner": {"a": 8}}}, "it")
        assert checked == Whole(middle=Middle(inner=Core(a=8, b=7), c=5))
        assert check(Middle, {"inner": {"b": 8}}, "it") == Middle(inner=Core(a=3, b=8))

    def test_an_unknown_field_in_a_group_is_still_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"middle\.inner\.d"):
            check(Whole, {"middle": {"inner": {"d": 8}}}, "it")

    def test_a_group_that_is_none_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="middle"):
            check(Whole, {"middle": 3}, "it")


class TestHash:
    @pytest.mark.parametrize(
        "change", [{"name": "b"}, {"description": "why"}, {"seeds": [1, 2]}, {"metrics": [{"name": "diaz-bwt"}]}]
    )
    def test_it_ignores_what_does_not_change_the_result(self, change: dict[str, Any]) -> None:
        assert config_hash(RESOLVED | change, PLUGINS) == config_hash(RESOLVED, PLUGINS)

    @pytest.mark.parametrize("change", [{"generator": {"name": "vae", "beta": 2.0}}, {"evaluate": "validation"}])
    def test_it_changes_with_all_else(self, change: dict[str, Any]) -> None:
        assert config_hash(RESOLVED | change, PLUGINS) != config_hash(RESOLVED, PLUGINS)

    def test_components_of_one_name_differ_by_their_distribution_but_not_by_its_version(self) -> None:
        assert config_hash(RESOLVED, {"generator": "acme-vae 1.0"}) != config_hash(RESOLVED, PLUGINS)
        assert config_hash(RESOLVED, {"generator": "cltk-vae 2.0"}) == config_hash(RESOLVED, PLUGINS)

    def test_it_ignores_the_order_of_fields(self) -> None:
        backwards = dict(reversed(RESOLVED.items()))
        assert config_hash(backwards, PLUGINS) == config_hash(RESOLVED, PLUGINS)
