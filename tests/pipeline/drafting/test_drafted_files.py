"""Twenty files as people have them get a configuration that reads them and passes the data gate's checks."""

import pathlib

import pytest

from tests.pipeline.drafting.drafted import config_of, gate_report, make_draft
from tests.pipeline.drafting.drafted_files import FILES

FREQUENCIES = {
    "minutes.csv": "min",
    "five_minutes.csv": "5min",
    "quarter_hours.csv": "15min",
    "half_hours.parquet": "30min",
    "hours_long.csv": "h",
    "hours_epoch.csv": "h",
    "six_hours.csv.gz": "6h",
    "days_day_first.csv": "D",
    "days_month_first.csv": "D",
    "days_panel_ends.csv": "D",
    "days_wide_ends.csv": "D",
    "business_days.csv": "B",
    "days_holes.csv": "D",
    "days_rare.csv": "D",
    "weeks_tabs.csv": "W-SAT",
    "weeks_two_names.csv": "W-MON",
    "months_wide.csv": "MS",
    "months_named.csv": "MS",
    "quarters.csv": "QS-OCT",
    "quarters_panel.csv": "QS-OCT",
}


def test_there_are_twenty() -> None:
    assert list(FILES) == list(FREQUENCIES)
    assert len(FILES) == 20


@pytest.mark.parametrize("name", FILES)
def test_a_file_gets_a_configuration_that_passes_the_data_gate(name: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / name
    FILES[name](path)
    config = config_of(make_draft(path))
    assert config.data.frequency == FREQUENCIES[name]
    report = gate_report(config)
    assert not report.refused, report.text()
    assert min(split.windows or 0 for split in report.splits) >= 10
    assert config.split.from_ends == ("_ends" in name or name == "quarters_panel.csv")
