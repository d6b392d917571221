"""From artifacts to content: windows scored through a SavedModel, and what is said when an artifact is incomplete."""

import json
import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tapeline.components.report.collect import FINDINGS_FILE, collect, read_data_gate_report
from tapeline.components.report.content import Origin
from tapeline.components.report.headline import verdict
from tapeline.components.report.scoring import TestWindows
from tapeline.components.report.training_history import TEACHER_FORCED, read_history
from tapeline.schemas import features as names
from tapeline.schemas.artifact_files import HISTORY_FILE
from tapeline.schemas.checks import Requirement
from tapeline.schemas.config import parse_config
from tapeline.schemas.errors import DataError
from tapeline.schemas.evaluation_result import SUMMARY_FILE, EvaluationResult, result_to_json
from tapeline.schemas.served_model import CARD_FILE
from tapeline.schemas.serving_result import write_result
from tapeline.series.scaling import scale_lines, scale_path
from tests.judged_run import served

CONTEXT, HORIZON = 4, 2
OFFSET, SCALE = 300.0, 50.0
CONFIG = parse_config(
    {
        "name": "small",
        "data": {"source": "x.csv", "time": "t", "target": "y", "unit": "ppm", "frequency": "H"},
        "window": {"context_length": CONTEXT, "horizon": HORIZON},
    },
    origin="the test",
)
ORIGIN = Origin(run_id="1", made="today", versions={}, fingerprints={"data": "d"}, lineage=())
CARD = {
    "best_epoch": 1,
    "val_mae_scaled_before_training": 0.3,
    "train_windows": 5,
    "eval_windows": 5,
    "parameters": 2,
    "run_fingerprint": "f00d",
}


def floats(values: Any) -> Any:
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def window(start: Any, context: Any, target: Any, observed: Any = (1, 1, 1, 1)) -> Any:
    """A serialized window of the series `a`."""
    return tf.train.Example(
        features=tf.train.Features(
            feature={
                names.SERIES_ID: tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a"])),
                names.FORECAST_START: tf.train.Feature(int64_list=tf.train.Int64List(value=[start])),
                names.CONTEXT: floats(context),
                names.CONTEXT_OBSERVED: floats(observed),
                names.TARGET: floats(target),
            }
        )
    ).SerializeToString()


class Forecaster(tf.Module):
    """Forecasts the last context value plus `bias`; its interval reaches 0.1 to either side."""

    def __init__(self, bias: Any, with_interval: Any) -> None:
        super().__init__()
        self.bias = tf.Variable(bias)
        self.with_interval = with_interval

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def evaluate(self, examples: Any) -> Any:
        spec = {names.CONTEXT: tf.io.FixedLenFeature([CONTEXT], tf.float32)}
        last = tf.repeat(tf.io.parse_example(examples, spec)[names.CONTEXT][:, -1:], HORIZON, axis=1)
        forecast = last + self.bias
        outputs = {"forecast": forecast, "persistence": last, "seasonal_naive": last + 0.5, "ridge": last + 0.25}
        outputs["naive_error"] = tf.fill(tf.shape(last)[:1], 0.2)
        return {**outputs, "lower": forecast - 0.1, "upper": forecast + 0.1} if self.with_interval else outputs


@pytest.fixture
def sources(tmp_path: pathlib.Path) -> Any:
    return make_sources(tmp_path)


def make_sources(folder: Any, *, with_interval: bool = False, mae: float = 0.15) -> Any:
    """Artifacts of a run whose model errs by 0.1 in three of four values and by 0.3 in one: 0.15 on average."""
    paths = {
        name: folder / name
        for name in ("evaluation", "model_blessing", "model", "windows", "model_run", "data_report", "transform_graph")
    }
    for path in paths.values():
        path.mkdir()
    windows = [
        window(3600 * 10, [0, 0, 0, 0.5], [0.5, 0.5], observed=(1, 0, 1, 1)),
        window(3600 * 11, [0, 0, 0.5, 0.5], [0.5, 0.3]),
        window(3600 * 12, [0, 0.5, 0.5, 0.3], [np.nan, np.nan]),
    ]
    (paths["windows"] / "Split-test").mkdir()
    with tf.io.TFRecordWriter(str(paths["windows"] / "Split-test" / "part.gz"), "GZIP") as writer:
        for serialized in windows:
            writer.write(serialized)
    model = Forecaster(0.1, with_interval)
    tf.saved_model.save(model, str(paths["model"]), signatures={"evaluate": model.evaluate})
    card = paths["model"] / CARD_FILE
    card.parent.mkdir(exist_ok=True)
    card.write_text(json.dumps(CARD))
    rows = [{"epoch": 1, "loss": 0.2, "val_loss": 0.25, TEACHER_FORCED: 0.1, "learning_rate": 0.01, "seconds": 2.0}]
    (paths["model_run"] / HISTORY_FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    scale_file = scale_path(str(paths["transform_graph"]))
    tf.io.gfile.makedirs(scale_file.rpartition("/")[0])
    with tf.io.gfile.GFile(scale_file, "wb") as file:
        file.write(scale_lines([], np.zeros(0), np.zeros(0), overall=(OFFSET, SCALE), scope="all"))
    check = Requirement(metric="mae_scaled", relation="<", bound=0.2).judged(mae)
    result = EvaluationResult(
        blessed=True,
        checks=(check,),
        metrics={"mae_scaled": mae},
        by_lead_step={},
        series={},
        previous_metrics={},
        model_fingerprint="beef",
    )
    (paths["evaluation"] / SUMMARY_FILE).write_text(result_to_json(result))
    (paths["model_blessing"] / "BLESSED").write_text("")
    findings = {
        "series": 1,
        "errors": 0,
        "warnings": 3,
        "splits": {"train": {"rows": 9, "first": 0, "last": 32400}, "test": {"rows": 0, "first": None, "last": None}},
        "findings": [
            {"severity": "warning", "kind": "drift", "message": "it drifts.", "fix": "look.", "series_id": "a"}
        ],
        "omitted": [{"severity": "warning", "kind": "drift", "count": 2}],
        "sampled": "Schema and drift were judged on a sample.",
    }
    (paths["data_report"] / FINDINGS_FILE).write_text(json.dumps(findings))
    return {name: str(path) for name, path in paths.items()}


def test_error_is_recomputed_through_the_signature_and_agrees(sources: Any) -> None:
    content = collect(sources, config=CONFIG, origin=ORIGIN)
    # Errors: 0.1, 0.1 | 0.1, 0.3; the third window has no observed target.
    assert content.errors.mae_scaled == pytest.approx(0.6 / 4, abs=1e-7)
    assert content.errors.mae == pytest.approx(SCALE * 0.15, abs=1e-5)
    assert content.errors.lead_step["persistence"] == pytest.approx([0.0, 0.1], abs=1e-7)
    assert content.agrees
    assert content.origin.fingerprints == {"data": "d", "training run": "f00d", "judged model": "beef"}


@pytest.mark.parametrize(("latency_ms", "word"), [(0.5, "Blessed"), (3.0, "Refused")])
def test_the_serving_gate_has_its_word_in_the_verdict(
    sources: Any, tmp_path: pathlib.Path, latency_ms: float, word: str
) -> None:
    write_result(served(latency_ms=latency_ms), tmp_path / "infra_blessing")
    both = {**sources, "infra_blessing": str(tmp_path / "infra_blessing")}
    content = collect(both, config=CONFIG, origin=ORIGIN)
    assert verdict(content).word == word
    assert ("one forecast takes 3 ms" in verdict(content).reason) is (word == "Refused")
    assert content.result.checks[-1].metric == "serving_latency_ms"


def test_another_error_in_the_evaluation_does_not_agree(tmp_path: pathlib.Path) -> None:
    assert not collect(make_sources(tmp_path, mae=0.150001), config=CONFIG, origin=ORIGIN).agrees


def test_windows_are_shown_in_the_unit_of_the_target(sources: Any) -> None:
    views = {pick.name: (pick, view) for pick, view in collect(sources, config=CONFIG, origin=ORIGIN).views}
    pick, best = views["best"]
    assert best.forecast_start == 3600 * 10
    assert best.series_id == b"a"
    # Scaled 0, (unobserved), 0, 0.5 at 50 units a scaled unit, from 300.
    assert best.context == pytest.approx([300, np.nan, 300, 325], nan_ok=True)
    assert best.target == pytest.approx([325, 325])
    assert best.forecast == pytest.approx([330, 330])
    assert pick.mae_scaled * best.scale == pytest.approx(5.0, abs=1e-5)
    assert best.interval is None


def test_prediction_interval_is_read_where_the_model_has_one(tmp_path: pathlib.Path) -> None:
    views = collect(make_sources(tmp_path, with_interval=True), config=CONFIG, origin=ORIGIN).views
    for _, view in views:
        assert view.interval is not None
        lower, upper = view.interval
        assert lower == pytest.approx(view.forecast - 5.0, abs=1e-4)
        assert upper == pytest.approx(view.forecast + 5.0, abs=1e-4)


def test_history_tells_what_was_kept(sources: Any) -> None:
    history = read_history(sources["model_run"], card=CARD)
    assert history.kept_epoch == 1
    assert history.kept_error == 0.25
    assert history.teacher_forced.tolist() == [0.1]


def test_history_of_a_pool_is_that_of_the_leading_candidate_with_the_others_beside_it(tmp_path: pathlib.Path) -> None:
    epoch = {"loss": 0.2, "learning_rate": 0.01, "seconds": 2.0}
    rows = [
        {"candidate": "candidate 1", "epoch": 1, "val_loss": 0.25, **epoch},
        {"candidate": "candidate 2", "epoch": 1, "val_loss": 0.24, **epoch},
        {"candidate": "candidate 2", "epoch": 2, "val_loss": 0.22, **epoch},
    ]
    (tmp_path / HISTORY_FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    ridge = {"name": "ridge", "what": "a linear map", "val_mae_scaled": 0.3, "weight": 0.0}
    network = {"name": "candidate 2", "what": "level", "val_mae_scaled": 0.22, "weight": 1.0, "epochs": 2}
    selection = {
        "leading": "candidate 2",
        "members": [ridge, network],
        "val_mae_scaled": 0.22,
        "served_instead": {"small": "persistence"},
    }
    history = read_history(str(tmp_path), card={**CARD, "best_epoch": 2, "selection": selection})
    assert history.val_loss.tolist() == [0.24, 0.22]
    assert history.kept_error == 0.22
    assert [(other.name, other.val_loss.tolist()) for other in history.others] == [("candidate 1", [0.25])]
    assert [(member.name, member.epochs, member.weight) for member in history.members] == [
        ("ridge", None, 0.0), ("candidate 2", 2, 1.0),
    ]  # fmt: skip
    assert history.selected_error == 0.22
    assert history.served_instead == {"small": "persistence"}


def test_gate_report_counts_what_is_not_listed(sources: Any) -> None:
    gate = read_data_gate_report(sources["data_report"])
    assert (gate.warnings, gate.omitted) == (3, 2)
    assert gate.findings[0].place == "series a"
    assert [(split.name, split.rows, split.first) for split in gate.splits] == [("train", 9, 0), ("test", 0, None)]


def test_batches_of_one_window_give_the_same_error(sources: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = collect(sources, config=CONFIG, origin=ORIGIN)
    monkeypatch.setattr("tapeline.components.report.scoring._BATCH_VALUES", 1)
    single = collect(sources, config=CONFIG, origin=ORIGIN)
    assert single.errors.mae_scaled == pytest.approx(whole.errors.mae_scaled, rel=1e-12)
    assert [view.forecast_start for _, view in single.views] == [view.forecast_start for _, view in whole.views]


def test_a_model_without_the_scored_signature_is_refused(sources: Any, tmp_path: pathlib.Path) -> None:
    model = Forecaster(0.1, False)
    tf.saved_model.save(model, str(tmp_path / "other"), signatures={"serving_default": model.evaluate})
    with pytest.raises(DataError, match=r"signatures \['serving_default'\], not 'evaluate'"):
        TestWindows(sources["windows"], shape=CONFIG.window_shape(), model_dir=str(tmp_path / "other"))


def test_a_test_split_without_windows_is_refused(sources: Any, tmp_path: pathlib.Path) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "windows" / "Split-test" / "part.gz"), "GZIP"):
        pass
    with pytest.raises(DataError, match="the test split holds no window"):
        collect(sources, config=CONFIG, origin=ORIGIN)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "the Trainer did not finish"), ("", "holds no epoch"), ('{"epoch": 1, "loss": 1}\n', "lines 1 of")],
)
def test_an_incomplete_history_is_refused(tmp_path: pathlib.Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / HISTORY_FILE).write_text(content)
    with pytest.raises(DataError, match=message):
        read_history(str(tmp_path), card=CARD)


def test_a_missing_gate_report_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match="the data gate did not finish"):
        read_data_gate_report(str(tmp_path))
