"""Partitioned folders and compressed files: read like one file that holds all columns."""

import bz2
import gzip
import lzma
import pathlib
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tapeline.schemas.errors import DataError
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig
from tapeline.series.sources.reading import plan_blocks, read_batches
from tapeline.series.sources.rows import RowLayout, read_rows
from tapeline.series.sources.scanning import scan_block, survey_source
from tapeline.series.sources.source import find_source, partition_of, source_fingerprint

CSV = b"ds,y\n2021-01-01,1\n2021-01-02,2\n"
PANEL = {"time": "ds", "target": "y", "series_id": "region", "frequency": "D"}


def packed_by_zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


PACKERS: dict[str, Any] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": packed_by_zstd}


def rows_of(data: DataConfig, features: FeaturesConfig | None = None) -> Any:
    """Every row as (series id, target, covariates...), in order."""
    layout = RowLayout.of(data, features or FeaturesConfig())
    found = []
    for block in plan_blocks(find_source(data), needed=layout.columns):
        for batch in read_batches(block):
            rows = read_rows(batch, layout, first_row=0)
            assert not rows.problems
            columns = [rows.numbers[name].tolist() for name in (*layout.target, *layout.covariates)]
            ids = rows.series_ids.to_pylist() if rows.series_ids is not None else [None] * len(rows)
            found += list(zip(ids, *columns, strict=True))
    return found


def survey(data: DataConfig) -> Any:
    layout = RowLayout.of(data, FeaturesConfig())
    blocks = plan_blocks(find_source(data), needed=layout.columns)
    return survey_source(blocks, [facts for block in blocks for facts in scan_block(block, layout)], layout)


def write_panel(root: Any, kind: str = "csv") -> None:
    for region, value in (("NSW", 1.0), ("VIC%20north", 2.0)):
        folder = root / f"region={region}" / "level=3"
        folder.mkdir(parents=True)
        frame = pd.DataFrame({"ds": ["2021-01-01", "2021-01-02"], "y": [value, value + 10]})
        if kind == "csv":
            frame.to_csv(folder / "part-0.csv", index=False)
        else:
            pq.write_table(pa.Table.from_pandas(frame), folder / "part-0.parquet")


def test_folders_name_columns_below_the_root_only() -> None:
    assert partition_of("year=2020/load/region=VIC/day=/p.csv", root="year=2020/load") == {"region": "VIC", "day": ""}
    assert partition_of("load/region=a%2Fb/x/p.csv", root="load") == {"region": "a/b"}
    assert partition_of("load/region=__HIVE_DEFAULT_PARTITION__/p.csv", root="load") == {"region": ""}
    assert partition_of("load/=1/p.csv", root="load") == {}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("source", ["panel", "panel/*/*/*", "panel/**/part-*"])
def test_a_partitioned_panel_reads_as_one_with_its_columns(tmp_path: pathlib.Path, kind: str, source: str) -> None:
    write_panel(tmp_path / "panel", kind)
    (tmp_path / "panel" / "_SUCCESS").touch()
    (tmp_path / "panel" / ".part.csv.crc").write_text("x")
    data = DataConfig(source=str(tmp_path / source), **PANEL)
    rows = rows_of(data, FeaturesConfig(static_covariates="level"))
    north = b"VIC north"
    assert rows == [(b"NSW", 1.0, 3.0), (b"NSW", 11.0, 3.0), (north, 2.0, 3.0), (north, 12.0, 3.0)]


def test_a_renamed_partition_is_other_data(tmp_path: pathlib.Path) -> None:
    write_panel(tmp_path / "panel")
    data = DataConfig(source=str(tmp_path / "panel"), **PANEL)
    before = source_fingerprint(data)
    (tmp_path / "panel" / "region=NSW").rename(tmp_path / "panel" / "region=QLD")
    assert source_fingerprint(data) != before


def test_a_missing_partition_value_names_no_series(tmp_path: pathlib.Path) -> None:
    write_panel(tmp_path / "panel")
    (tmp_path / "panel" / "region=NSW").rename(tmp_path / "panel" / "region=__HIVE_DEFAULT_PARTITION__")
    data = DataConfig(source=str(tmp_path / "panel"), **PANEL)
    with pytest.raises(DataError, match=r"column 'region'.*names no series"):
        survey(data)


def test_partitions_that_clash_are_refused(tmp_path: pathlib.Path) -> None:
    write_panel(tmp_path / "panel")
    data = DataConfig(source=str(tmp_path / "panel"), **PANEL)
    needed = RowLayout.of(data, FeaturesConfig()).columns
    odd = tmp_path / "panel" / "part-1.csv"
    odd.write_bytes(CSV)
    with pytest.raises(DataError, match=r"data.series_id: column 'region' is not in .*part-1.csv"):
        plan_blocks(find_source(data), needed=needed)
    odd.unlink()
    (tmp_path / "panel" / "region=NSW" / "level=3" / "part-0.csv").write_bytes(b"ds,y,region\n2021-01-01,1,a\n")
    with pytest.raises(DataError, match=r"more than one column named \['region'\]"):
        plan_blocks(find_source(data), needed=needed)


def test_a_folder_without_files_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match="holds no file that can be read"):
        find_source(DataConfig(source=str(tmp_path), **PANEL))


@pytest.mark.parametrize("ending", PACKERS)
def test_compressed_files_read_like_plain_ones(tmp_path: pathlib.Path, ending: Any) -> None:
    path = tmp_path / f"a.csv.{ending}"
    path.write_bytes(PACKERS[ending](CSV))
    data = DataConfig(source=str(path), time="ds", target="y", frequency="D")
    assert rows_of(data) == [(None, 1.0), (None, 2.0)]


@pytest.mark.parametrize("ending", PACKERS)
def test_damaged_compressed_files_are_told_as_such(tmp_path: pathlib.Path, ending: Any) -> None:
    path = tmp_path / f"a.csv.{ending}"
    content = PACKERS[ending](CSV + b"".join(b"2021-01-03,%d\n" % (n * n) for n in range(20_000)))
    # The middle of the file is turned over.
    at = len(content) // 2
    path.write_bytes(content[:at] + bytes(255 - byte for byte in content[at : at + 200]) + content[at + 200 :])
    data = DataConfig(source=str(path), time="ds", target="y", frequency="D")
    with pytest.raises(DataError, match=r"a\.csv.*(cannot be read|is text|does not|not UTF-8|no list of column names)"):
        survey(data)


@pytest.mark.parametrize("ending", ["bz2", "xz", "gz"])
@pytest.mark.parametrize("behind", [b"rubbish", b"\1" * 100_000])
def test_what_follows_a_compressed_stream_is_read_or_refused(
    tmp_path: pathlib.Path, ending: str, behind: bytes
) -> None:
    path = tmp_path / f"a.csv.{ending}"
    data = DataConfig(source=str(path), time="ds", target="y", frequency="D")
    path.write_bytes(PACKERS[ending](CSV) + PACKERS[ending](b"2021-01-03,3\n"))
    assert rows_of(data) == [(None, 1.0), (None, 2.0), (None, 3.0)]
    path.write_bytes(PACKERS[ending](CSV) + behind)
    with pytest.raises(DataError, match=r"a\.csv.*cannot be read"):
        survey(data)
    path.write_bytes(PACKERS[ending](CSV) + b"\0" + PACKERS[ending](CSV)[1:])
    with pytest.raises(DataError, match=r"a\.csv.*cannot be read"):
        survey(data)


def test_zeros_between_xz_streams_are_padding(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.csv.xz"
    path.write_bytes(lzma.compress(CSV) + b"\0" * 200_000 + lzma.compress(b"2021-01-03,3\n") + b"\0" * 4)
    data = DataConfig(source=str(path), time="ds", target="y", frequency="D")
    assert rows_of(data) == [(None, 1.0), (None, 2.0), (None, 3.0)]
