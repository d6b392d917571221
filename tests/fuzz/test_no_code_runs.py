"""Reading a Parquet file runs nothing that the file brings.

Arrow before 14.0.1 unpickles the type of a column that calls itself `arrow.py_extension_type` (CVE-2023-47248), and a
pickle may name any function. The file is read in a process of its own, with no more imported than reading takes.
"""

import io
import pathlib
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
READ = """
import sys
from tapeline.schemas.sections import DataConfig
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.series.sources.reading import plan_blocks
from tapeline.series.sources.rows import RowLayout
from tapeline.series.sources.scanning import scan_block, survey_source
from tapeline.series.sources.source import find_source
data = DataConfig(source=sys.argv[1], series_id=None, frequency="D")
layout = RowLayout.of(data, FeaturesConfig())
blocks = plan_blocks(find_source(data), needed=layout.columns)
survey_source(blocks, [facts for block in blocks for facts in scan_block(block, layout)], layout)
"""


def _file_that_makes(folder: pathlib.Path) -> bytes:
    """A Parquet file whose columns have types that call `os.mkdir` when they are unpickled."""
    # Protocol 0: the function, a mark, its argument, the tuple, the call, the end.
    pickled = b"cos\nmkdir\n(V" + str(folder).encode() + b"\ntR."
    names = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": pickled}
    fields = [pa.field("ds", pa.timestamp("s")), pa.field("y", pa.float64()), pa.field("note", pa.float64())]
    fields = [field.with_metadata(names) for field in fields]
    stream = io.BytesIO()
    values = [pa.array([0, 86_400], pa.timestamp("s")), pa.array([1.0, 2.0]), pa.array([1.0, 2.0])]
    pa.parquet.write_table(pa.Table.from_arrays(values, schema=pa.schema(fields)), stream)
    return stream.getvalue()


def test_no_code_of_a_parquet_file_is_run(tmp_path: pathlib.Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "data.parquet").write_bytes(_file_that_makes(ran))
    command = [sys.executable, "-c", READ, str(tmp_path / "data.parquet")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "ModuleNotFoundError" not in done.stderr
    assert not ran.exists()
