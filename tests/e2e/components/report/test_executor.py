"""The report's executor: from artifacts to the page, in the artifact and in the run's own folder."""

import json
import pathlib

import tensorflow as tf

from tests.components.report.test_collect import CONFIG, make_sources


def test_executor_writes_the_artifact_and_a_copy_for_the_run(tmp_path: pathlib.Path) -> None:
    from tfx.types import standard_artifacts

    from tapeline.components.artifacts import ForecastReport, ValidationReport
    from tapeline.components.report.executor import Executor

    root = tmp_path / "artifacts"
    (root / "inputs").mkdir(parents=True)
    sources = make_sources(root / "inputs")
    types = {
        "evaluation": (standard_artifacts.ModelEvaluation, sources["evaluation"]),
        "model_blessing": (standard_artifacts.ModelBlessing, sources["model_blessing"]),
        "model": (standard_artifacts.Model, str(root / "Trainer" / "model" / "7")),
        "model_run": (standard_artifacts.ModelRun, sources["model_run"]),
        "windows": (standard_artifacts.Examples, sources["windows"]),
        "transform_graph": (standard_artifacts.TransformGraph, sources["transform_graph"]),
        "examples": (standard_artifacts.Examples, sources["windows"]),
        "data_report": (ValidationReport, sources["data_report"]),
    }
    tf.io.gfile.makedirs(str(root / "Trainer" / "model" / "7"))
    tf.io.gfile.rename(sources["model"], str(root / "Trainer" / "model" / "7" / "Format-Serving"))
    inputs = {}
    for name, (artifact_type, uri) in types.items():
        artifact = artifact_type()
        artifact.uri = uri
        inputs[name] = [artifact]
    report = ForecastReport()
    report.uri = str(root / "Report" / "report" / "12")
    properties = {
        "config": CONFIG.model_dump_json(),
        "report_dir": str(tmp_path / "report"),
        "source_fingerprint": "data hash",
        "code_fingerprint": "code hash",
    }
    Executor(None).Do(inputs, {"report": [report]}, properties)
    for folder in (root / "Report" / "report" / "12", tmp_path / "report" / "12"):
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert "✓ Blessed" in page
        assert str(tmp_path) not in page
        tree = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        assert tree["recomputed"]["agrees"] is True
        assert tree["fingerprints"] == {
            "data": "data hash",
            "report's code": "code hash",
            "training run": "f00d",
            "judged model": "beef",
        }
        model = next(entry for entry in tree["lineage"] if entry["part"] == "model")
        assert (model["uri"], model["producer"]) == ("Trainer/model/7", "Trainer")
        assert tree["versions"]["tfx"]
