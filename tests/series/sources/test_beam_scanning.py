"""Counters of the first pass: rows read, and rows refused, by reason."""

import functools
import pathlib

import apache_beam as beam

from tapeline.pipeline.beam_arguments import beam_arguments
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.row_progress import Passage
from tapeline.series.sources.beam_scanning import COUNTERS, scan_to_json
from tapeline.series.sources.reading import plan_blocks
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.source import Source


def test_rows_are_counted_and_so_are_refused_ones_by_reason(tmp_path: pathlib.Path) -> None:
    lines = ["2021-01-01,1,a", "2021-13-45,2,a", "2021-01-03,n/a,a", "2021-01-04,4,", "2021-01-05,5,"]
    paths = [tmp_path / "1.csv", tmp_path / "2.csv"]
    for path in paths:
        path.write_text("\n".join(["ds,y,unique_id", *lines]))
    layout = RowLayout.of(
        DataConfig(source="unused", time="ds", frequency="D", series_id="unique_id"), FeaturesConfig()
    )
    blocks = plan_blocks(Source(files=tuple(paths)), needed=layout.columns)
    pipeline = beam.Pipeline(argv=beam_arguments(("--direct_running_mode=in_memory",)))
    scan = functools.partial(scan_to_json, layout=layout, passage=Passage(str(tmp_path), "scan"))
    _ = pipeline | beam.Create(blocks) | beam.FlatMap(scan)
    result = pipeline.run()
    result.wait_until_finish()
    counters = result.metrics().query(beam.metrics.MetricsFilter().with_namespace(COUNTERS))["counters"]
    assert {counter.key.metric.name: counter.committed for counter in counters} == {
        "rows_read": 10,
        "rows_refused: data.time: column 'ds': is a time that does not exist": 2,
        "rows_refused: data.target: column 'y': is text, not a number": 2,
        "rows_refused: data.series_id: column 'unique_id': names no series": 4,
    }
