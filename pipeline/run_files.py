"""What a run leaves in its report folder: the verdict as files, beside the report and the forecast."""

import pathlib

from tapeline.pipeline.judgement import Judgement
from tapeline.pipeline.lineage import Run
from tapeline.pipeline.paths import RunPaths
from tapeline.pipeline.verdict_files import write_files
from tapeline.schemas.artifact_files import PAGE_FILE


def write_run_files(judgement: Judgement, run: Run, paths: RunPaths) -> None:
    """Writes the verdict's files, and whatever the run's report has that is not there yet.

    Args:
        judgement: What became of the model.
        run: The same run.
        paths: Where everything goes.
    """
    folder = paths.report(run.run_id)
    write_files(judgement, folder)
    report = run.artifact("Report", "report")
    if report is not None and not (folder / PAGE_FILE).exists():
        # The Report was answered from the cache: it put its files into the folder of the run that made it.
        from tapeline.components.report.writing import copy_report

        copy_report(pathlib.Path(report.uri), to=folder)
