"""A configuration is right as a whole or refused with every mistake that it holds."""

import math
import pathlib
from typing import Any

import pytest
import yaml

from tapeline.schemas.config import Config, load_config, parse_config
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, SplitConfig

CONFIGS = sorted((pathlib.Path(__file__).parents[2] / "configs").glob("*.yaml"))
SMALLEST = {"name": "sales", "data": {"frequency": "H"}}


def mistakes(tree: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(tree, origin="sales.yaml")
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path: Any) -> None:
    config = load_config(path)
    assert config.name == path.stem
    # The fixed ones say where their data come from; the embedded one brings them.
    assert config.data.origin
    assert (config.data.source is None) == (path.stem != "co2")


def test_every_mistake_is_listed_with_its_key_path_and_line(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.yaml"
    path.write_text(
        """\
name: my sales
data:
  freqency: H
  frequency: fortnight
  offset: half
  target: [a, a]
features:
  calendar: [week]
  past_covariates: [target]
split: {train: 0.9, eval: 0.3, test: 0.1}
window: {context_length: 104, horizon: 0}
training:
  batch_size: many
  loss: {weights: [1, 2]}
gate: {season: 400}
"""
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    head, *lines = str(caught.value).splitlines()
    assert head == f"{path}: 11 mistakes"
    assert [line.strip().split(":")[0] for line in lines] == [
        "name (line 1)",
        "data.freqency (line 3)",
        "data.frequency (line 4)",
        "data.offset (line 5)",
        "data.target (line 6)",
        "features.calendar[0] (line 8)",
        "features.past_covariates (line 9)",
        "split.train (line 10)",
        "window.horizon (line 11)",
        "training.batch_size (line 13)",
        "gate.season (line 15)",
    ]
    # The horizon is wrong itself, so nothing is said of weights that would have to fit it.
    assert not any("weights" in line for line in lines)
    assert "Did you mean 'frequency'?" in lines[1]


CONTEXT = {"context_length": 104}


def test_a_missing_section_does_not_hide_other_mistakes() -> None:
    assert mistakes({"name": "sales", "window": {"context_length": 104}, "gate": {"season": 400}}) == [
        "data: is required and missing. Add it.",
        "gate.season: 400 steps are more than window.context_length (104): the seasonal naive forecast repeats values "
        "of the context; shorten one or lengthen the other.",
    ]


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        ({"data": {}}, "data.frequency", "required and missing"),
        ({"data": None}, "data", "got None, should be a mapping"),
        ({"data": {"frequency": "2MS"}}, "data.frequency", "multiples are for fixed steps"),
        ({"data": {"frequency": "H", "timezone": "Mars"}}, "data.timezone", "'Mars' is not an IANA time zone"),
        ({"data": {"frequency": "H", "offset": "-1min"}}, "data.offset", "0 or a positive"),
        ({"data": {"frequency": "H", "offset": "1.5s"}}, "data.offset", "whole number of seconds"),
        (
            {"data": {"frequency": "H", "lower_bound": 1, "upper_bound": 1}},
            "data.lower_bound",
            "less than upper_bound (1)",
        ),
        ({"training": {"quantiles": [0.1, 1.0]}}, "training.quantiles[1]", "less than 1"),
        ({"training": {"quantiles": [0.0]}}, "training.quantiles[0]", "greater than 0"),
        ({"training": {"quantiles": [0.1, 0.1]}}, "training.quantiles", "0.1 is named twice"),
        ({"gate": {"coverage": 0}}, "gate.coverage", "greater than 0"),
        ({"data": {"frequency": "H", "target": []}}, "data.target", "at least one column"),
        ({"data": {"frequency": "H", "target": ["a", "b"], "series_id": "c"}}, "data.series_id", "exclude each other"),
        ({"data": {"frequency": "H", "time": "a", "target": "a"}}, "data.target", "'a' is data.time already"),
        ({"data": {"frequency": "H", "target": "a", "series_id": "a"}}, "data.series_id", "'a' is data.target already"),
        ({"features": {"past_covariates": ["a", "a"]}}, "features.past_covariates", "'a' is named twice"),
        ({"features": {"static_covariates": "y"}}, "features.static_covariates", "'y' is data.target already"),
        ({"features": {"future_covariates": "timestamp"}}, "features.future_covariates", "name of Tapeline's own"),
        ({"features": {"rolling": [{"window": 1}]}}, "features.rolling[0].window", "greater than or equal to 2"),
        (
            {"features": {"rolling": [{"window": 500}]}, "window": CONTEXT},
            "features.rolling[0].window",
            "window.context_length (104)",
        ),
        ({"split": {"train": 0.5}}, "split.train", "is 0.8, must be 1"),
        ({"split": {"eval_start": "2020-01-01"}}, "split.eval_start", "give both or neither"),
        ({"window": {"horizon": True}}, "window.horizon", "got True"),
        ({"window": {"horizon": "24"}}, "window.horizon", "got '24'"),
        ({"model": {"lags": [24, 500]}, "window": CONTEXT}, "model.lags[1]", "window.context_length (104)"),
        (
            {"features": {"calendar": []}, "model": {"view": {"weekend_hours": True}}},
            "model.view.weekend_hours",
            "need weekend and hour_of_day",
        ),
        ({"model": {"view": {"harmonics": 7}}}, "model.view.harmonics", "less than or equal to 6"),
        ({"model": {"linear_highway": False}}, "model.linear_highway", "unknown key"),
        ({"model": {"attention_heads": 5}}, "model.attention_heads", "model.units (64)"),
        ({"training": {"loss": {"weights": [1.0, 2.0]}}}, "training.loss.weights", "2 weights for a window.horizon of"),
        ({"training": {"learning_rate": 0}}, "training.learning_rate", "greater than 0"),
        ({"gate": {"skill_over": {"naive": 0.1}}}, "gate.skill_over.naive", "unknown key"),
        ({"beam": {"args": "--runner=X"}}, "beam.args", "should be a list"),
        ({"window": {"horizon": "030"}}, "window.horizon", "Write it in plain digits"),
        ({"training": {"learning_rate": True}}, "training.learning_rate", "got True, should be a valid number"),
        ({"training": {"learning_rate": "0.1"}}, "training.learning_rate", "no quotes"),
        ({"gate": {"mae_scaled_below": math.inf}}, "gate.mae_scaled_below", "should be a finite number or 'auto'"),
        ({"gate": {"mae_scaled_below": "best"}}, "gate.mae_scaled_below", "should be a valid number or 'auto'"),
        ({"gate": {"skill_over": {"ridge": math.nan}}}, "gate.skill_over.ridge", "should be a finite number"),
        ({"serving": {"max_latency_ms": math.inf}}, "serving.max_latency_ms", "should be a finite number"),
        ({"training": {"seed": -1}}, "training.seed", "greater than or equal to 0"),
        ({"training": {"seed": 2**32}}, "training.seed", "less than or equal to 4294967295"),
        ({"training": {"batch_size": 10**18}}, "training.batch_size", "less than or equal to 1000000"),
        ({"training": {"epochs": 10**18}}, "training.epochs", "less than or equal to 1000000"),
        ({"window": {"horizon": 10**18}}, "window.horizon", "less than or equal to 100000"),
        ({"window": {"context_length": 10**18}}, "window.context_length", "less than or equal to 100000"),
        ({"window": {"stride": 10**18}}, "window.stride", "less than or equal to 2147483647"),
        ({"model": {"units": 10**18}}, "model.units", "less than or equal to 65536"),
        ({"features": {"categorical": ["sky"]}}, "features.categorical", "'sky' plays no part"),
        ({"features": {"calendar": ["weekend", "weekend"]}}, "features.calendar", "'weekend' is named twice"),
        ({"model": {"lags": [7, 7]}}, "model.lags", "7 is named twice; name each once"),
        ({"data": {"frequency": "fortnight"}}, "data.frequency", "write it like 15min, h, D, W-SAT or MS"),
        ({"data": {"frequency": "9" * 25 + "D"}}, "data.frequency", "write it like 15min"),
        ({"data": {"frequency": "D", "offset": "9" * 25 + "D"}}, "data.offset", "write it like 30min"),
        ({"data": {"frequency": "D", "timezone": "Mars/Olympus"}}, "data.timezone", "write it like Europe/Berlin"),
    ],
)
def test_a_broken_rule_is_named_by_its_key(change: Any, place: str, rule: str) -> None:
    lines = mistakes({**SMALLEST, **change})
    assert len(lines) == 1
    assert lines[0].startswith(f"{place}: ")
    assert rule in lines[0]


def test_messages_are_short_and_printable_whatever_a_file_holds() -> None:
    (line,) = mistakes({**SMALLEST, "schema_path": ["x" * 100_000]})
    assert len(line) < 500
    (line,) = mistakes({**SMALLEST, "data": {"frequency": "D" * 100_000}})
    assert len(line) < 500
    assert line.endswith("write it like 15min, h, D, W-SAT or MS.")
    (line,) = mistakes({**SMALLEST, "\x1b[31m" + "k" * 100_000: 1})
    assert len(line) < 500
    assert line.startswith("\\x1b[31mkkk")
    lines = mistakes({**SMALLEST, **{f"k{at}": 1 for at in range(500)}})
    assert len(lines) == 21
    assert lines[-1] == "and 480 more. Correct these first."


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"test_steps": 48}, "eval_steps and test_steps come together"),
        ({"test_steps": 48, "eval_steps": 48, "train": 0.6, "eval": 0.25}, "and train, eval exclude each other"),
        ({"test_steps": 24, "eval_steps": 23}, "23 steps hold no forecast of window.horizon (24)"),
        (
            {"test_steps": 48, "eval_steps": 48, "eval_start": "2020-01-01", "test_start": "2021-01-01"},
            "and eval_start, test_start exclude each other: keep one way to cut",
        ),
    ],
)
def test_steps_from_the_end_come_alone_and_hold_a_forecast(split: dict[str, Any], message: str) -> None:
    (line,) = mistakes({**SMALLEST, "split": split})
    assert message in line


def test_dates_and_fractions_exclude_each_other() -> None:
    dates = {"eval_start": "2020-01-01", "test_start": "2021-01-01"}
    (line,) = mistakes({**SMALLEST, "split": {**dates, "train": 0.6, "eval": 0.25}})
    assert "dates and fractions (train, eval) exclude each other" in line


def test_nixtlas_long_form_needs_no_names() -> None:
    data = DataConfig(frequency="D")
    assert (data.time, data.target, data.series_id) == ("ds", ("y",), "unique_id")
    # Whoever names one column names them all.
    assert DataConfig(frequency="D", target="y").series_id is None
    assert DataConfig(frequency="D", series_id=None).series_id is None


@pytest.mark.parametrize(
    "section",
    [
        DataConfig(frequency="D"),
        DataConfig(frequency="D", target=("a", "b")),
        FeaturesConfig(past_covariates="a", calendar=("weekend",), rolling=({"window": 3},)),
        SplitConfig(),
        SplitConfig(eval_start="2020-01-01", test_start="2021-01-01", end="2022-01-01"),
        SplitConfig(train=0.5, eval=0.25, test=0.25),
    ],
    ids=lambda section: type(section).__name__,
)
def test_a_section_survives_the_way_through_json(section: Any) -> None:
    assert type(section).model_validate_json(section.model_dump_json()) == section


def test_dates_in_yaml_stay_text(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sales.yaml"
    path.write_text("name: sales\ndata: {frequency: D}\nsplit: {eval_start: 2020-01-01, test_start: 2021-01-01}\n")
    assert load_config(path).split.eval_start == "2020-01-01"


def test_calendar_features_count_as_sine_and_cosine() -> None:
    features = FeaturesConfig(future_covariates=("price",), calendar=("hour_of_day", "weekend"))
    # price 1, hour_of_day 2, weekend 1
    assert features.future_size == 4
    config = parse_config({**SMALLEST, "features": features.model_dump()}, origin="")
    assert config.window_shape().future == 4


@pytest.mark.parametrize(
    ("text", "rule"),
    [("name: [", "not readable as YAML"), ("- a", "must hold a mapping"), ("", "must hold a mapping")],
)
def test_what_is_no_mapping_is_refused(tmp_path: pathlib.Path, text: str, rule: str) -> None:
    path = tmp_path / "sales.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=rule):
        load_config(path)


def test_a_missing_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"--config: no file '.*none\.yaml'"):
        load_config(tmp_path / "none.yaml")


class TestOverride:
    config = parse_config(SMALLEST, origin="")

    def test_it_replaces_one_value_and_keeps_the_rest(self) -> None:
        changed = self.config.override({"training.seed": 7, "window.horizon": 12})
        assert (changed.training.seed, changed.window.horizon) == (7, 12)
        assert changed.data == self.config.data
        assert self.config.training.seed == Config.model_fields["training"].default.seed

    def test_it_checks_anew(self) -> None:
        with pytest.raises(ConfigError, match=r"window\.horizon: got 0"):
            self.config.override({"window.horizon": 0})
        with pytest.raises(ConfigError, match=r"training\.sed: unknown key\. Did you mean 'seed'"):
            self.config.override({"training.sed": 7})
        with pytest.raises(ConfigError, match=r"name\.x: 'name' is a value, not a section"):
            self.config.override({"name.x": 7})


AUTO = (
    "features.calendar",
    "window.context_length",
    "model.segment_length",
    "model.encoder_length",
    "model.lags",
    "training.candidates",
)


def test_what_is_left_out_or_auto_is_left_to_the_data() -> None:
    left_out = parse_config({"name": "sales", "data": {"frequency": "D"}}, origin="test")
    said = parse_config(
        {
            "name": "sales",
            "data": {"frequency": "D"},
            "features": {"calendar": "auto"},
            "window": {"context_length": "auto"},
            "model": {"lags": "auto", "segment_length": "auto", "encoder_length": "auto"},
            "training": {"candidates": "auto"},
        },
        origin="test",
    )
    assert left_out.auto == said.auto == AUTO


def test_a_value_that_is_given_is_not_left_to_the_data() -> None:
    config = parse_config({"name": "sales", "data": {"frequency": "D"}, "model": {"lags": []}}, origin="test")
    # None is a value too: the encoder reads all of the context.
    settled = config.override(
        {
            "model.encoder_length": None,
            "features.calendar": [],
            "window.context_length": 28,
            "model.segment_length": 1,
            "training.candidates": 6,
        }
    )
    assert "model.lags" not in config.auto
    assert settled.auto == ()
    assert parse_config(yaml.safe_load(settled.as_yaml()), origin="test") == settled
    assert settled.override({"window.context_length": "auto"}).auto == ("window.context_length",)


def test_auto_is_no_value_of_other_keys() -> None:
    assert mistakes({**SMALLEST, "window": {"stride": "auto"}}) == [
        "window.stride: got 'auto', should be a valid integer. Write it in plain digits: no quotes, leading zeros, "
        "colons or underscores."
    ]


def test_what_reaches_back_is_not_measured_against_a_context_that_is_still_open() -> None:
    tree = {**SMALLEST, "gate": {"season": 400}, "model": {"lags": [300]}}
    assert "window.context_length" in parse_config(tree, origin="test").auto
