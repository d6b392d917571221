"""Runs with a verdict, as TFX and the components leave them: a metadata file, artifacts in folders."""

import dataclasses
import pathlib
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from tapeline.forecaster.versions import folder_fingerprint, push_version
from tapeline.schemas.checks import Requirement
from tapeline.schemas.evaluation_result import SUMMARY_FILE, EvaluationResult, result_to_json
from tapeline.schemas.serving_result import ServingResult, write_result

COMPLETE, FAILED, RUNNING, CACHED = (
    mlmd.Execution.COMPLETE,
    mlmd.Execution.FAILED,
    mlmd.Execution.RUNNING,
    mlmd.Execution.CACHED,
)
JUDGED_AT = 1_789_992_000_000
_BASELINES = {"persistence": 0.04, "seasonal_naive": 0.02, "ridge": 0.01}


def result(*, blessed: bool, mae: float = 0.01, **fields: Any) -> EvaluationResult:
    """An evaluation whose numbers follow from the MAE; 1 scaled unit is 1,250 MW."""
    evaluation = EvaluationResult(
        blessed=blessed,
        checks=(
            Requirement(metric="mae_scaled", relation="<", bound=0.015).judged(mae, passed=blessed),
            Requirement(metric="finite_share", relation=">=", bound=1.0).judged(1.0),
        ),
        metrics={
            "mae_scaled": mae,
            "mae": 1250 * mae,
            "finite_share": 1.0,
            "window_count": 1234.0,
            **{f"mae_scaled_{name}": baseline for name, baseline in _BASELINES.items()},
            **{f"mae_{name}": 1250 * baseline for name, baseline in _BASELINES.items()},
            "relative_mae": mae / _BASELINES["seasonal_naive"],
            "skill_over_best_naive": 1 - mae / _BASELINES["seasonal_naive"],
            **{f"skill_over_{name}": 1 - mae / baseline for name, baseline in _BASELINES.items()},
        },
        by_lead_step={"mae_scaled_by_lead_step": (mae / 2, mae, 1.5 * mae)},
        series={
            "north": {"mae_scaled": mae, "relative_mae": 1.5},
            "south": {"mae_scaled": 2 * mae, "relative_mae": 0.25},
        },
        previous_metrics={},
        unit="MW",
        series_count=2,
    )
    return dataclasses.replace(evaluation, **fields)


def served(*, latency_ms: float, model_fingerprint: str = "") -> ServingResult:
    """What a serving gate with a limit of 1 ms found."""
    check = Requirement(metric="serving_latency_ms", relation="<=", bound=1.0).judged(latency_ms)
    return ServingResult(
        checks=(check,), requests=("must answer  serving_default: raw values",), model_fingerprint=model_fingerprint
    )


class Home:
    """One configuration's folder with its metadata file.

    Args:
        root: `runs/<name>`.
    """

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(root / "metadata.db")
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self._store = metadata_store.MetadataStore(config)
        self._run_type = self._store.put_context_type(mlmd.ContextType(name="pipeline_run"))
        self._node_type = self._store.put_context_type(mlmd.ContextType(name="node"))
        self._execution_type = self._store.put_execution_type(mlmd.ExecutionType(name="Node"))
        self._artifact_type = self._store.put_artifact_type(mlmd.ArtifactType(name="Thing"))

    def folder(self, run: str, name: str) -> pathlib.Path:
        """Where an artifact of a run lies."""
        return self.root / "artifacts" / run / name

    def execute(
        self,
        run: str,
        node: str,
        state: "mlmd.Execution.State" = COMPLETE,
        outputs: dict[str, tuple[pathlib.Path, dict[str, Any]]] | None = None,
        error: str = "",
    ) -> None:
        """Records one node of a run, with its outputs by key: folder and custom properties."""
        contexts = [self._context(self._run_type, run), self._context(self._node_type, f"load.{node}")]
        record = mlmd.Execution(type_id=self._execution_type, last_known_state=state)
        record.custom_properties["__execution_result__"].string_value = error
        (execution,) = self._store.put_executions([record])
        self._store.put_attributions_and_associations(
            [], [mlmd.Association(context_id=each, execution_id=execution) for each in contexts]
        )
        for key, (folder, properties) in (outputs or {}).items():
            thing = mlmd.Artifact(type_id=self._artifact_type, uri=str(folder))
            for name, value in properties.items():
                field = "int_value" if isinstance(value, int) else "string_value"
                setattr(thing.custom_properties[name], field, value)
            (artifact,) = self._store.put_artifacts([thing])
            event = mlmd.Event(artifact_id=artifact, execution_id=execution, type=mlmd.Event.OUTPUT)
            event.path.steps.add().key = key
            self._store.put_events([event])

    def _context(self, type_id: int, name: str) -> int:
        kind = "pipeline_run" if type_id == self._run_type else "node"
        found = self._store.get_context_by_type_and_name(kind, name)
        if found:
            return found.id
        return self._store.put_contexts([mlmd.Context(type_id=type_id, name=name)])[0]

    def train(self, run: str, weights: str = "weights") -> pathlib.Path:
        """A Trainer that made a model; returns its folder."""
        model = self.folder(run, "model")
        served = model / "Format-Serving"
        served.mkdir(parents=True)
        (served / "saved_model.pb").write_text(weights)
        self.execute(run, "Trainer", outputs={"model": (model, {})})
        return model

    def evaluate(self, run: str, model: pathlib.Path, evaluation: EvaluationResult, **properties: Any) -> None:
        """An Evaluator that judged a model."""
        fingerprint = folder_fingerprint(model / "Format-Serving")
        folders = {key: self.folder(run, key) for key in ("evaluation", "blessing")}
        for folder in folders.values():
            folder.mkdir(parents=True)
        summary = dataclasses.replace(evaluation, model_fingerprint=fingerprint)
        (folders["evaluation"] / SUMMARY_FILE).write_text(result_to_json(summary))
        (folders["blessing"] / ("BLESSED" if evaluation.blessed else "NOT_BLESSED")).touch()
        said = {"current_model": str(model), "model_fingerprint": fingerprint, **properties}
        outputs = {"evaluation": (folders["evaluation"], {}), "blessing": (folders["blessing"], said)}
        self.execute(run, "Evaluator", outputs=outputs)

    def serve(self, run: str, model: pathlib.Path, *, latency_ms: float = 0.5, **properties: Any) -> None:
        """A ServingGate that served a model, with a limit of 1 ms."""
        found = served(latency_ms=latency_ms, model_fingerprint=folder_fingerprint(model / "Format-Serving"))
        folder = self.folder(run, "infra_blessing")
        write_result(found, folder)
        said = {"blessed": int(found.blessed), "in_words": found.in_words, **properties}
        self.execute(run, "ServingGate", outputs={"blessing": (folder, said)})

    def push(self, run: str, *, pushed: bool) -> None:
        """A Pusher that pushed, or did not."""
        said = {"pushed": 1, "pushed_version": "7"} if pushed else {"pushed": 0}
        self.execute(run, "Pusher", outputs={"pushed_model": (self.folder(run, "pushed"), said)})

    def push_version(self, run: str, model: pathlib.Path) -> pathlib.Path:
        """A Pusher that pushed a model; returns the folder of the version."""
        served, base = model / "Format-Serving", self.root / "serving_model"
        version = base / str(push_version(served, base, keep=5))
        said = {"pushed": 1, "pushed_version": version.name, "pushed_destination": str(version)}
        said["model_fingerprint"] = folder_fingerprint(served)
        self.execute(run, "Pusher", outputs={"pushed_model": (self.folder(run, "pushed"), said)})
        return version

    def judged(self, run: str = "2026-11-21T10:00:00", *, blessed: bool = True, **fields: Any) -> pathlib.Path:
        """A whole run; returns the model's folder."""
        model = self.train(run)
        self.evaluate(run, model, result(blessed=blessed, **fields))
        self.push(run, pushed=blessed)
        return model
