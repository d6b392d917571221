"""What the options of a command name is read as in a file, and refused in sentences that name the option."""

import pathlib

import pytest

from tapeline.cli.arguments import name_of_runs, parse_config_json, read_config, read_runner
from tapeline.schemas.config import Config
from tapeline.schemas.errors import ConfigError

CO2 = str(pathlib.Path(__file__).parents[2] / "configs" / "co2.yaml")


def read(*overrides: str, runner: str | None = None) -> Config:
    return read_config(CO2, runner=runner, overrides=overrides)


def test_set_reads_dates_lists_and_formats_as_a_file_does() -> None:
    config = read(
        "split.eval_start=1990-01-01",
        "split.test_start=1995-01-01",
        "model.lags=[52, 104]",
        "data.time_format=%Y-%m-%d",
        "training.learning_rate=1e-3",
        "beam.args=[--runner=DirectRunner, --direct_num_workers=2]",
    )
    assert (config.split.eval_start, config.split.test_start) == ("1990-01-01", "1995-01-01")
    assert config.model.lags == (52, 104)
    assert config.data.time_format == "%Y-%m-%d"
    assert config.training.learning_rate == 0.001
    assert config.beam.args == ("--runner=DirectRunner", "--direct_num_workers=2")


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("data.unit=,", ","),
        ("data.unit=|", "|"),
        ("data.unit='|'", "|"),
        ("data.unit=%", "%"),
        ('data.time_format="%d.%m.%Y"', "%d.%m.%Y"),
        ("data.time_format=%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M"),
        ("data.unit=a=b", "a=b"),
        ("data.target=[a, b]", ("a", "b")),
        ("data.frequency=W-SAT", "W-SAT"),
        ("split.eval_start=1990-01-01 06:00", "1990-01-01 06:00"),
        ("data.time_format=null", None),
        ("data.time_format=~", None),
        ("gate.mae_scaled_below=auto", "auto"),
        ("training.loss={weights: linear}", "linear"),
    ],
)
def test_set_takes_what_a_file_takes(item: str, value: object) -> None:
    key = item.partition("=")[0]
    with_both_dates = ["split.test_start=1995-01-01"] if key.startswith("split") else []
    found = read(item, *with_both_dates).value(key)
    assert (found.weights if key == "training.loss" else found) == value


@pytest.mark.parametrize(
    "item",
    [
        "training.seed=[",
        "training.seed=*x",
        "training.seed=@",
        "training.seed=%",
        "training.seed=a\x01",
        "training.seed=1\n---\n2",
        "training.seed=!!int x",
        "training.seed=" + "9" * 5000,
        "training.seed=" + "[" * 700,
        "training.seed={a: 1, a: 2}",
        "training.seed=010",
        "training.seed=1:30",
        "training.seed=.inf",
        "training.seed=-1",
        "training.seed=true",
        "training.seed.x=1",
    ],
)
def test_a_broken_set_is_refused_with_option_and_key(item: str) -> None:
    with pytest.raises(ConfigError, match=r"^--set training\.seed(\.x)?: ") as caught:
        read(item)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("key", [".", ".seed", "training.", ".".join("a" * 3000), "a.b.c.d.e.f.g.h.i"])
def test_a_key_that_leads_nowhere_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match=r"^--set .*leads nowhere\. Give a key such as training\.seed") as caught:
        read(f"{key}=1")
    assert len(str(caught.value)) < 1000


def test_a_mistake_names_the_options_it_may_come_from() -> None:
    with pytest.raises(ConfigError, match=r"^--set window\.horizon, --set training\.loss\.weights: 1 mistake\n"):
        read("window.horizon=3", "training.loss.weights=[1, 2]")


def test_a_mistake_in_a_runner_is_named_with_its_line(tmp_path: pathlib.Path) -> None:
    (tmp_path / "runner.yaml").write_text("beam:\n  args: 3\n")
    with pytest.raises(
        ConfigError, match=r"^--runner: .*: 1 mistake\n  beam\.args \(line 2\): got 3, should be a list"
    ):
        read_runner(str(tmp_path / "runner.yaml"))


@pytest.mark.parametrize("text", ["beam: {}\nbeam: {}\n", "{1: 2}", "x: " + "[" * 700, "a: b: c"])
def test_a_runner_that_cannot_be_read_is_refused(tmp_path: pathlib.Path, text: str) -> None:
    (tmp_path / "runner.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"^--runner: "):
        read(runner=str(tmp_path / "runner.yaml"))


def test_json_that_says_a_thing_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^--config-json: .*'name' stands there twice"):
        parse_config_json('{"name": "a", "name": "b", "data": {"frequency": "D"}}')
    with pytest.raises(ConfigError, match="finite number"):
        parse_config_json('{"name": "a", "data": {"frequency": "D"}, "gate": {"mae_scaled_below": 1e999}}')


@pytest.mark.parametrize("name", ["../x", "..", ".", "", "/tmp/x", "a/b", "a\n", "-x", "x" * 64])
def test_a_name_that_leads_out_of_the_folder_of_runs_is_refused(tmp_path: pathlib.Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"^--name: got .* Give the name that stands in the configuration"):
        name_of_runs(name=name)
    (tmp_path / "x.yaml").write_text(f"name: {name!r}\n" if name != "a\n" else 'name: "a\\n"\n')
    with pytest.raises(ConfigError, match="name: got"):
        name_of_runs(config=str(tmp_path / "x.yaml"))


def test_a_name_is_taken_as_given_or_from_the_configuration() -> None:
    assert name_of_runs(name="fold-01") == "fold-01"
    assert name_of_runs(config=CO2) == "co2"
