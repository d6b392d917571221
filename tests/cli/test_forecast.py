"""`tapeline forecast` on a model whose forecasts one can compute by hand: the last value plus 0.2 a step."""

import json
import pathlib
import shutil
from typing import Any

import pytest

from tapeline.cli import exit_codes
from tapeline.cli import main as cli
from tapeline.pipeline import run_models
from tests import contract_model

HOURS = [f"2024-03-01 {hour:02}:00" for hour in range(24)]


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("runs") / "serving_model"
    contract_model.save_contract_model(folder / "7")
    return folder


@pytest.fixture
def recent(tmp_path: pathlib.Path) -> Any:
    path = tmp_path / "recent.csv"

    def write(values: Any, *, times: Any = None, header: str = "time,load") -> Any:
        rows = zip(HOURS if times is None else times, values, strict=False)
        path.write_text("\n".join([header, *(f"{time},{value}" for time, value in rows)]) + "\n")
        return path

    write([10.0] * 9 + [12.5])
    return write


def forecast(versions: Any, path: Any, *more: Any) -> int:
    return cli.main(["forecast", "--model", str(versions), "--input", str(path), *map(str, more)])


def test_csv_on_standard_output_and_nothing_else(versions: Any, recent: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert forecast(versions, recent([10.0] * 9 + [12.5])) == exit_codes.EXIT_DONE
    out, err = capfd.readouterr()
    assert out.splitlines() == [
        "time,forecast,lower,upper,lower_95,upper_95",
        "2024-03-01 10:00,12.7,11.7,13.7,10.7,14.7",
        "2024-03-01 11:00,12.9,11.9,13.9,10.9,14.9",
        "2024-03-01 12:00,13.1,12.1,14.1,11.1,15.1",
    ]
    assert err == ""


def test_json_holds_the_rows_and_names_the_files(
    versions: Any, recent: Any, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "forecast.csv"
    assert forecast(versions, recent([10.0] * 9 + [12.5]), "--json", "--output", output) == exit_codes.EXIT_DONE
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert told["forecast"][0]["time"] == "2024-03-01 10:00"
    assert told["forecast"][0]["forecast"] == pytest.approx(12.7)
    assert len(told["forecast"]) == 3
    assert told["output"] == str(output)
    assert pathlib.Path(told["model"]).is_dir()
    assert "3 rows written to" in err


@pytest.mark.parametrize("horizon", [1, 5])
def test_the_horizon_may_be_shorter_or_longer_than_trained(
    versions: Any, recent: Any, capfd: pytest.CaptureFixture[str], horizon: int
) -> None:
    assert forecast(versions, recent([12.5] * 10), "--horizon", horizon) == exit_codes.EXIT_DONE
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 1 + horizon
    assert lines[-1].split(",")[:2] == [HOURS[9 + horizon], f"{12.5 + 0.2 * horizon:.1f}"]


def test_a_table_and_a_picture_are_written(
    versions: Any, recent: Any, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output, plot = tmp_path / "forecast.parquet", tmp_path / "forecast.png"
    plot.write_text("old")
    assert forecast(versions, recent([12.5] * 10), "--output", output, "--plot", plot) == exit_codes.EXIT_DONE
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "3 rows written to" in capfd.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forecast.parquet", "forecast.png", "recent.csv"]


def test_a_thin_context_is_forecast_with_a_warning(
    versions: Any, recent: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert forecast(versions, recent([10, 10, 10, 10, "", "", "", "", 12.5])) == exit_codes.EXIT_DONE
    out, err = capfd.readouterr()
    assert "12.7" in out
    assert "less than 50% (window.min_observed) of the context is measured in 1 of 1 series" in err


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (["10", "12,5"], {"header": "time,load"}, "does not have the header's 2 fields"),
        (["10", "broken"], {}, "row 1 'broken': is text, not a number"),
        (["10"] * 3, {"header": "time,demand"}, "data.target: column 'load' is not in"),
        (["10"] * 3, {"times": ["2024-13-45 00:00"] * 3}, "is a time that does not exist"),
        (
            ["10"] * 3,
            {},
            "[too_short] 3 steps up to the last measured value; the model reads 6 (window.context_length), and needs 6",
        ),
        (["10"] * 9 + ["inf"], {}, "[infinite_values] target: 1 infinite value: row 9"),
        (
            ["10"] * 10,
            {"times": [*HOURS[:9], HOURS[8]]},
            "[duplicate_timestamps] 1 row with the time of an earlier row",
        ),
        ([""] * 8, {}, "[no_target] no row has a measured target"),
    ],
)
def test_bad_rows_end_with_code_2_and_the_messages_of_a_run(
    versions: Any, recent: Any, capfd: pytest.CaptureFixture[str], values: Any, options: Any, message: str
) -> None:
    assert forecast(versions, recent(values, **options)) == exit_codes.EXIT_BAD_INPUT
    out, err = capfd.readouterr()
    assert message in err
    assert "Traceback" not in err
    assert out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--horizon", "0"], "--horizon: got 0, must be 1 or more"),
        (["--horizon", "301"], "[horizon_too_long] 301 steps to forecast; the model goes 300 steps ahead at most"),
        (["--output", "forecast.txt"], "--output: got 'forecast.txt', must end in .csv or .parquet"),
        (["--plot", "forecast.jpg"], "--plot: got 'forecast.jpg', must end in .png"),
        (["--input", "nowhere.csv"], "--input: no file 'nowhere.csv'"),
        (["--model", "nowhere"], "--model: no folder 'nowhere'"),
    ],
)
def test_bad_arguments_end_with_code_2(
    versions: Any, recent: Any, capfd: pytest.CaptureFixture[str], arguments: Any, message: str
) -> None:
    assert forecast(versions, recent([10.0] * 10), *arguments) == exit_codes.EXIT_BAD_INPUT
    assert message in capfd.readouterr().err


def test_a_refusal_of_the_graph_is_one_clear_message(
    tmp_path: pathlib.Path, recent: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    contract_model.save_contract_model(tmp_path / "model", "refuses all")
    assert (
        forecast(tmp_path / "model", recent([10.0] * 10), "--output", tmp_path / "forecast.csv")
        == exit_codes.EXIT_BAD_INPUT
    )
    assert capfd.readouterr().err == (
        "tapeline forecast: --input: the model refuses the data: context: never good enough\n"
    )
    assert not (tmp_path / "forecast.csv").exists()


@pytest.fixture
def home(versions: Any, recent: Any) -> Any:
    """A run of the model on the recent rows, as far as a forecast needs it."""
    source = recent([10.0] * 9 + [12.5])
    folder = source.parent / "runs" / "load"
    shutil.copytree(versions, folder / "serving_model")
    data = f"{{source: {source}, time: time, target: load, frequency: H, unit: MW}}"
    (folder / "config.yaml").write_text(f"name: load\ndata: {data}\nwindow: {{context_length: 6, horizon: 3}}\n")
    return folder.parent


def test_without_rows_and_model_the_data_of_the_run_are_forecast(home: Any, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["forecast", "--name", "load", "--home", str(home)]) == exit_codes.EXIT_DONE
    assert capfd.readouterr().out.splitlines()[1].startswith("2024-03-01 10:00,12.7,")


def test_a_refused_candidate_is_marked_in_the_table_and_on_the_terminal(
    home: Any, versions: Any, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = run_models.RunModel(folder=versions / "7", mark=run_models.REFUSED)
    monkeypatch.setattr(run_models, "model_of_run", lambda *_, **__: refused)
    assert cli.main(["forecast", "--name", "load", "--home", str(home), "--candidate"]) == exit_codes.EXIT_DONE
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert lines[0].endswith(",upper_95,model")
    assert all(line.endswith(",refused candidate") for line in lines[1:])
    assert "this is the forecast of a refused candidate" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "runs/load"], "--input: is missing. Give recent rows"),
        (["--model", "runs/load", "--input", "x.csv", "--candidate"], "--model: names a model already"),
    ],
)
def test_a_model_goes_with_rows_and_a_run_brings_both(
    capfd: pytest.CaptureFixture[str], arguments: Any, message: str
) -> None:
    assert cli.main(["forecast", *arguments]) == exit_codes.EXIT_BAD_INPUT
    assert message in capfd.readouterr().err
