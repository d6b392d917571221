"""A run that came to a verdict: the verdict, the forecast, the report and the model."""

import dataclasses
import html
import pathlib

import pandas as pd

from tapeline.api.loaded import Model
from tapeline.api.notebook import Picture
from tapeline.pipeline.judgement import Judgement, Outcome
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.pipeline.run_models import data_source, model_of_run
from tapeline.pipeline.verdict import headline
from tapeline.pipeline.verdict_text import verdict_text
from tapeline.schemas.artifact_files import FORECAST_FILE, FORECAST_PICTURE, PAGE_FILE
from tapeline.schemas.errors import ConfigError


@dataclasses.dataclass(frozen=True, repr=False)
class RunVerdict:
    """What the gates decided.

    Attributes:
        judgement: The run, its outcome, and all that it rests on.
    """

    judgement: Judgement

    @property
    def passed(self) -> bool:
        """Whether the model was pushed."""
        return self.judgement.outcome is Outcome.PASSED

    @property
    def metrics(self) -> dict[str, float]:
        """What was measured on the test split."""
        return dict(self.judgement.verdict.evaluation.metrics) if self.judgement.verdict else {}

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return verdict_text(self.judgement.verdict) if self.judgement.verdict else self.judgement.problem

    def _repr_html_(self) -> str:
        sign = "✓" if self.passed else "✗"
        title = headline(self.judgement.verdict) if self.judgement.verdict else "nothing to judge"
        return f"<h4>{sign} {html.escape(title)}</h4><pre>{html.escape(repr(self))}</pre>"


@dataclasses.dataclass(frozen=True, repr=False)
class RunReport:
    """The page of a run, one file that needs nothing else.

    Attributes:
        path: Where it is.
    """

    path: pathlib.Path

    def __repr__(self) -> str:
        return f"<report {shown(self.path)}>"

    def _repr_html_(self) -> str:
        # In a frame of its own: its styles are its own, and the sandbox lets it reach nothing of the notebook.
        page = html.escape(self.path.read_text(encoding="utf-8"), quote=True)
        style = "width: 100%; height: 42rem; border: 1px solid #8888"
        return f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{page}"></iframe>'


class Run:
    """A run with a verdict.

    Args:
        paths: The folder of the runs of its name.
        judgement: What became of its model.
    """

    def __init__(self, paths: RunPaths, judgement: Judgement) -> None:
        assert judgement.run_id is not None
        self.paths = paths
        self.run_id = judgement.run_id
        self.verdict = RunVerdict(judgement)

    @property
    def folder(self) -> pathlib.Path:
        """Where the report, the forecast and the verdict lie as files."""
        return self.paths.report(self.run_id)

    @property
    def model(self) -> Model:
        """The model that was pushed.

        Raises:
            ConfigError: It was refused; `candidate` has it all the same.
        """
        if not self.verdict:
            raise ConfigError("model: this run's model was refused, see .verdict. It is there as .candidate.")
        return self.candidate

    @property
    def candidate(self) -> Model:
        """The model that was judged, also one that was refused: its forecasts say so."""
        found = model_of_run(self.paths, self.run_id, candidate=True)
        return Model(found.folder, source=data_source(self.paths), mark=found.mark)

    @property
    def forecast(self) -> pd.DataFrame:
        """What comes after the end of the data, by the model that was pushed.

        Raises:
            ConfigError: There is none; the report says why.
        """
        path = self.folder / FORECAST_FILE
        if not path.is_file():
            more = "" if self.verdict else " The model was refused: .candidate.forecast() forecasts by it all the same."
            raise ConfigError(f"forecast: this run has none; its report says why.{more}")
        return self.model.read_table(path)

    @property
    def picture(self) -> Picture:
        """The picture of the forecast."""
        path = self.folder / FORECAST_PICTURE
        if not path.is_file():
            raise ConfigError("picture: this run has none; its report says why.")
        return Picture(path.read_bytes())

    @property
    def report(self) -> RunReport:
        """The page on what the run found."""
        return RunReport(self.folder / PAGE_FILE)

    def __repr__(self) -> str:
        return f"<run {self.run_id} of {self.paths.root.name}>\n{self.verdict!r}"

    def _repr_html_(self) -> str:
        shown_forecast = ""
        if (self.folder / FORECAST_PICTURE).is_file():
            shown_forecast = self.picture.html("what comes after the end of the data")
        where = html.escape(shown(self.report.path))
        return (
            f"{self.verdict._repr_html_()}{shown_forecast}<p>report: <code>{where}</code>, or <code>.report</code></p>"
        )
