"""Bad data and bad configurations end with exit code 2, a message, and nothing pushed or lost."""

import pathlib
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.e2e.small_project import ROWS, Project, Tapeline, daily_load

Fault = Callable[[Project], None]


def _no_such_file(project: Project) -> None:
    (project.root / "load.csv").unlink()


def _empty_file(project: Project) -> None:
    (project.root / "load.csv").write_text("")


def _missing_column(project: Project) -> None:
    project.write(daily_load().rename(columns={"load": "demand"}))


def _text_in_the_target(project: Project) -> None:
    frame = daily_load().astype({"load": object})
    frame.loc[300, "load"] = "broken"
    project.write(frame)


def _impossible_date(project: Project) -> None:
    frame = daily_load()
    frame.loc[300, "time"] = "2021-13-45"
    project.write(frame)


def _two_time_formats(project: Project) -> None:
    frame = daily_load()
    frame.loc[300:, "time"] = pd.to_datetime(frame.loc[300:, "time"]).dt.strftime("%d/%m/%Y %H:%M")
    project.write(frame)


def _duplicated_rows(project: Project) -> None:
    frame = daily_load()
    project.write(pd.concat([frame[:300], frame[250:]]))


def _hole_of_half_a_year(project: Project) -> None:
    frame = daily_load(ROWS + 4380)
    project.write(pd.concat([frame[:400], frame[400 + 4380 :]]))


def _constant_series(project: Project) -> None:
    project.write(daily_load().assign(load=500.0))


def _fifty_rows(project: Project) -> None:
    project.write(daily_load(50))


def _infinite_value(project: Project) -> None:
    frame = daily_load()
    frame.loc[300, "load"] = np.inf
    project.write(frame)


def _unknown_key(project: Project) -> None:
    project.configure(windows={"horizon": 12})


FAULTS: list[tuple[Fault, str]] = [
    (_no_such_file, "load.csv"),
    (_empty_file, "empty"),
    (_missing_column, "demand"),
    (_text_in_the_target, "broken"),
    (_impossible_date, "2021-13-45"),
    (_two_time_formats, "13/01/2023"),
    (_duplicated_rows, "duplicate"),
    (_hole_of_half_a_year, "gap"),
    (_constant_series, "constant"),
    (_fifty_rows, "50"),
    (_infinite_value, "infinite"),
    (_unknown_key, "windows"),
]


@pytest.mark.parametrize(("fault", "message"), FAULTS, ids=[fault.__name__.strip("_") for fault, _ in FAULTS])
def test_refused_with_code_2_and_the_pushed_model_untouched(
    fault: Fault, message: str, project: Project, tapeline: Tapeline
) -> None:
    pushed = project.root / "runs" / "load" / "serving_model" / "7" / "saved_model.pb"
    pushed.parent.mkdir(parents=True)
    pushed.write_bytes(b"the model that is being served")
    fault(project)

    ended = tapeline("run", *project.arguments)

    assert ended.code == 2, ended.out + ended.err
    assert message in ended.err.lower() or message in ended.err
    assert "Traceback" not in ended.out + ended.err
    assert project.versions == ["7"]
    assert pushed.read_bytes() == b"the model that is being served"
    assert not _leftovers(project.root)


def _leftovers(root: pathlib.Path) -> list[str]:
    return [str(path) for path in (root / "runs" / "load" / "serving_model").iterdir() if path.name != "7"]
