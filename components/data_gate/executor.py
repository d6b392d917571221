"""The data gate's executor: reads what the stock components found, checks the series, passes the rows on or refuses.

The report is written before anything is refused. TFX removes the outputs of an
execution that fails, so a refusal also writes it beside them, under
`<node>/refused/<execution>/`, and names that file in its message.
"""

import dataclasses
import functools
import json
import os
from typing import Any

from absl import logging
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx import types
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils

from tapeline.components.data_gate.anomalies import explain_anomalies
from tapeline.components.data_gate.category_checks import category_counts, check_categories
from tapeline.components.data_gate.drift import column_distances, drift_findings
from tapeline.components.data_gate.gate_report import Report
from tapeline.components.data_gate.outlier_checks import check_scale
from tapeline.components.data_gate.series_checks import check_group
from tapeline.components.data_gate.series_rules import Rules
from tapeline.components.data_gate.split_checks import check_splits
from tapeline.components.data_gate.totals import Totals
from tapeline.schemas.artifact_files import ONE_ROW_IN, SOURCE_FILE
from tapeline.schemas.errors import DataError
from tapeline.schemas.features import SPLITS
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import ChecksConfig, DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.schemas.window_spec import WindowSpec
from tapeline.series.checks.findings import Finding
from tapeline.series.grouping.beam_groups import group_files
from tapeline.series.grouping.rows_io import read_rows
from tapeline.series.grouping.series_rows import RowFeatures
from tapeline.series.grouping.series_survey import divide, refuse_long
from tapeline.series.row_progress import CountedFile, CountedGroup, Passage, Whole, watched
from tapeline.series.time_grid import TimeGrid

REPORT_TEXT = "report.txt"
REPORT_JSON = "findings.json"

_ANOMALIES_FILE = "SchemaDiff.pb"


def make_rules(
    *,
    data: DataConfig,
    features: FeaturesConfig,
    checks: ChecksConfig,
    window: WindowConfig,
    scaling: ScalingConfig,
    split: SplitConfig,
) -> Rules:
    """Returns what every series must keep, as the configuration sets it."""
    return Rules(
        grid=TimeGrid.of(data),
        spec=WindowSpec.of(window),
        max_gap=checks.max_gap,
        max_constant=checks.max_constant,
        max_outlier=checks.max_outlier,
        scaling=scaling,
        split=split,
        min_observed=window.min_observed,
        lower_bound=data.lower_bound,
        upper_bound=data.upper_bound,
        past=features.past_covariates,
        future=features.future_covariates,
        static=features.static_covariates,
        texts=features.text_columns,
    )


class Executor(base_beam_executor.BaseBeamExecutor):
    """Raises `DataError` where an error was found; else hands on the examples, byte for byte."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs the gate; see `component.DataGate` for inputs, outputs and properties."""
        examples = artifact_utils.get_single_instance(input_dict["rows"])
        checks = ChecksConfig.model_validate_json(exec_properties["checks"])
        rules = make_rules(
            data=DataConfig.model_validate_json(exec_properties["data"]),
            features=FeaturesConfig.model_validate_json(exec_properties["features"]),
            checks=checks,
            window=WindowConfig.model_validate_json(exec_properties["window"]),
            scaling=ScalingConfig.model_validate_json(exec_properties["scaling"]),
            split=SplitConfig.model_validate_json(exec_properties["split"]),
        )
        totals = self._check_series(examples, _of_source(rules, examples))
        whole = [
            *check_scale(totals, rules),
            *check_splits(totals.splits, spec=rules.spec, split=rules.split),
            *_schema_findings(input_dict, rules),
            *_split_findings(
                artifact_utils.get_single_instance(input_dict["statistics"]), rules, max_drift=checks.max_drift
            ),
        ]
        report = Report.gather(
            totals.judged(whole), splits=totals.splits, series=totals.series, one_row_in=_sampled(input_dict)
        )

        report_uri = artifact_utils.get_single_uri(output_dict["report"])
        _write_report(report, report_uri)
        logging.info("%s", report.text())
        if report.refused:
            # <root>/DataGate/report/<execution> is removed after a failure; <root>/DataGate/refused/<execution> stays.
            node, execution = os.path.dirname(os.path.dirname(report_uri)), os.path.basename(report_uri)
            kept = os.path.join(node, "refused", execution)
            _write_report(report, kept)
            raise DataError(report.refusal(report=os.path.join(kept, REPORT_TEXT)))
        _pass_on(examples, artifact_utils.get_single_instance(output_dict["examples"]))

    def _check_series(self, examples: types.Artifact, rules: Rules) -> Totals:
        # Rows wait here between the passes; TFX removes the folder in the end.
        folder = str(self._get_tmp_dir())
        fileio.makedirs(folder)
        files = [
            (split, os.path.join(artifact_utils.get_split_uri([examples], split), str(name)))
            for split in artifact_utils.decode_split_names(examples.split_names)
            for name in fileio.listdir(artifact_utils.get_split_uri([examples], split))
        ]
        features = RowFeatures(numbers=rules.numbers, texts=rules.texts, row_number=True)
        whole = functools.partial(Whole.of_files, [path for _, path in files])
        with watched(folder, whole=whole, passages=2):
            survey, lines = group_files(
                self._make_beam_pipeline(),
                files,
                read=CountedFile(functools.partial(read_rows, features=features), Passage(folder, "read")),
                divide=functools.partial(divide, width=features.width),
                work=CountedGroup(functools.partial(check_group, rules=rules), Passage(folder, "check")),
                folder=folder,
            )
        if survey is None:
            return Totals()
        refuse_long(survey, survey.rows, unit="rows", width=features.width)
        return functools.reduce(Totals.merge, map(Totals.from_json, lines), Totals())


def _of_source(rules: Rules, examples: types.Artifact) -> Rules:
    """Adds what the first component knows of the source, and the rows do not say."""
    path = os.path.join(examples.uri, SOURCE_FILE)
    if not fileio.exists(path):
        return rules
    with fileio.open(path, "r") as file:
        source = json.loads(file.read())
    files = tuple((first, name) for first, name in source["files"])
    return dataclasses.replace(rules, files=files, wall_clock=source["wall_clock"])


def _schema(input_dict: dict[str, list[types.Artifact]]) -> schema_pb2.Schema:
    uri = artifact_utils.get_single_uri(input_dict["schema"])
    return io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(uri))


def _schema_findings(input_dict: dict[str, list[types.Artifact]], rules: Rules) -> list[Finding]:
    schema = _schema(input_dict)
    artifact = artifact_utils.get_single_instance(input_dict["anomalies"])
    found: list[Finding] = []
    for split in artifact_utils.decode_split_names(artifact.split_names):
        path = os.path.join(artifact_utils.get_split_uri([artifact], split), _ANOMALIES_FILE)
        with fileio.open(path, "rb") as file:
            anomalies = anomalies_pb2.Anomalies.FromString(file.read())
        found += explain_anomalies(anomalies, split=split, schema=schema, categorical=rules.texts)
    return found


def _split_findings(statistics: types.Artifact, rules: Rules, *, max_drift: float) -> list[Finding]:
    """What the statistics of the splits say: categories, and how far amounts have moved."""
    loaded = {split: stats_artifact_utils.load_statistics(statistics, split).proto() for split in SPLITS}
    counts = {split: category_counts(proto.datasets[0], columns=rules.texts) for split, proto in loaded.items()}
    found = list(check_categories(counts, columns=rules.texts))
    train, *others = SPLITS
    # A static covariate does not move, whatever series a split holds.
    columns = [column for column in rules.numbers if column not in rules.static]
    for split in others:
        distances = column_distances(loaded[train], loaded[split], columns=columns)
        found += drift_findings(distances, split=split, max_drift=max_drift)
    return found


def _sampled(input_dict: dict[str, list[types.Artifact]]) -> dict[str, int]:
    """Of how many rows StatisticsGen described one, in splits where it did not describe all."""
    artifact = artifact_utils.get_single_instance(input_dict["statistics"])
    one_in = {split: artifact.get_int_custom_property(ONE_ROW_IN.format(split=split)) for split in SPLITS}
    return {split: count for split, count in one_in.items() if count > 1}


def _write_report(report: Report, folder: str) -> None:
    fileio.makedirs(folder)
    for name, content in ((REPORT_TEXT, report.text()), (REPORT_JSON, report.as_json())):
        with fileio.open(os.path.join(folder, name), "w") as file:
            file.write(content)


def _pass_on(source: types.Artifact, target: types.Artifact) -> None:
    """Gives `target` the files and properties of `source`."""
    for split in artifact_utils.decode_split_names(source.split_names):
        source_folder = artifact_utils.get_split_uri([source], split)
        target_folder = os.path.join(target.uri, os.path.basename(os.path.normpath(source_folder)))
        fileio.makedirs(target_folder)
        for name in map(str, fileio.listdir(source_folder)):
            link_or_copy(os.path.join(source_folder, name), os.path.join(target_folder, name))
    target.split_names = source.split_names
    target.span = source.span
    target.version = source.version
    examples_utils.set_payload_format(target, examples_utils.get_payload_format(source))
    examples_utils.set_file_format(target, examples_utils.get_file_format(source))


def link_or_copy(source: str, target: str) -> None:
    """Makes `target` the same file as `source` where the file system can, else a copy of it."""
    try:
        os.link(source, target)
    except OSError:
        # Another device, a remote store, or a file system without hard links.
        fileio.copy(source, target, overwrite=True)
