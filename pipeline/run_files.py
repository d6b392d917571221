"""What a run leaves in its report folder: the verdict as files, beside the report and the forecast."""

import pathlib

from tapeline.pipeline.judgement import Judgement
from tapeline.pipeline.lineage import Run
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.verdict_files import write_files
from tapeline.schemas.artifact_files import FORECAST_FILE, FORECAST_PICTURE, PAGE_FILE


def write_run_files(judgement: Judgement, run: Run, paths: RunPaths) -> tuple[pathlib.Path, ...]:
    """Writes the verdict's files, and whatever the run's report has that is not there yet.

    Args:
        judgement: What became of the model.
        run: The same run.
        paths: Where everything goes.

    Returns:
        The files of the forecast; none where the report has none, or the run had no report.
    """
    folder = paths.report(run.run_id)
    write_files(judgement, folder)
    report = run.artifact("Report", "report")
    if report is None:
        return ()
    if not (folder / PAGE_FILE).exists():
        # The Report was answered from the cache: it put its files into the folder of the run that made it.
        from tapeline.components.report.writing import copy_report

        copy_report(pathlib.Path(report.uri), to=folder)
    return tuple(folder / name for name in (FORECAST_FILE, FORECAST_PICTURE) if (folder / name).exists())
