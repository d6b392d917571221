"""StatisticsGen writes what TFX's own component writes, in the main process and on Beam."""

import pathlib

import pytest

from tapeline.schemas.features import SPLITS
from tests.components.statistics_gen.test_statistics_executor import describe, write_rows


def test_statistics_are_those_of_tfx_here_and_on_beam(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfx.components.statistics_gen import executor as stock

    examples = write_rows(tmp_path)
    _, here = describe(examples, tmp_path / "here")
    monkeypatch.setattr("tapeline.components.statistics_gen.beam_statistics.ROWS_HERE", 100)
    _, on_beam = describe(examples, tmp_path / "beam")
    _, of_tfx = describe(examples, tmp_path / "tfx", executor=stock.Executor)
    assert list(here) == list(of_tfx) == list(SPLITS)
    for split in SPLITS:
        count, features = of_tfx[split]
        wanted = {name: each for name, each in features.items() if name != "float32_rest_of_target"}
        assert here[split] == on_beam[split] == (count, wanted), split
