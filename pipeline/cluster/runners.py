"""Beam's runners for clusters, with jobs that have a name, stand in the run's book, and are seen while they run.

`beam_arguments` names these in place of Beam's own. Outside of a followed run they are what Beam's are.
"""

import dataclasses
from typing import Any

import grpc
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners import runner as beam_runner
from apache_beam.runners.portability import flink_runner, portable_runner, spark_runner

from tapeline.pipeline.cluster.following import Following, active
from tapeline.pipeline.cluster.job_book import OpenJob
from tapeline.pipeline.cluster.job_errors import job_error, said
from tapeline.pipeline.cluster.looking import require_answer
from tapeline.pipeline.cluster.places import Place, place_of
from tapeline.pipeline.cluster.watching import Watch


class FollowedHandle(portable_runner.JobServiceHandle):
    """Submits a job under a name, and writes it down before.

    Args:
        handle: Beam's own.
        run: What the job belongs to.
        place: Where it runs; None where only the job service that Beam starts knows.
    """

    def __init__(self, handle: portable_runner.JobServiceHandle, run: Following, place: Place | None) -> None:
        super().__init__(handle.job_service, handle.options, handle._retain_unknown_options)
        self.followed = run
        self.name = run.next_name()
        self.job = OpenJob(self.name, place.kind, place.address) if place else None
        self.options.view_as(GoogleCloudOptions).job_name = self.name

    def prepare(self, proto_pipeline: Any) -> Any:
        request = beam_job_api_pb2.PrepareJobRequest(
            job_name=self.name, pipeline=proto_pipeline, pipeline_options=self.get_pipeline_options()
        )
        return self.job_service.Prepare(request, timeout=self.timeout)

    def run(self, preparation_id: str) -> Any:
        if self.job is not None:
            self.followed.book.write(self.job)
        answer = super().run(preparation_id)
        if self.job is not None:
            self.job = dataclasses.replace(self.job, id=self._id_on_cluster(answer[0]))
            self.followed.book.write(self.job)
        return answer

    def _id_on_cluster(self, job_id: str) -> str:
        """Where Beam submits a jar itself, the cluster's own id; else that of the job service."""
        submitted = getattr(self.job_service, "_jobs", {}).get(job_id)
        names = ("_flink_job_id", "_spark_submission_id")
        return str(next((found for name in names if (found := getattr(submitted, name, None))), job_id))


class FollowedResult(beam_runner.PipelineResult):
    """A job that runs, and what it came to.

    Args:
        result: Beam's own.
        handle: What submitted it.
    """

    def __init__(self, result: beam_runner.PipelineResult, handle: FollowedHandle) -> None:
        super().__init__(None)
        self._result = result
        self._handle = handle

    @property
    def state(self) -> Any:
        """Where the job stands."""
        return self._result.state

    def metrics(self) -> Any:
        """Returns what the job counted."""
        return self._result.metrics()

    def cancel(self) -> Any:
        """Cancels the job."""
        return self._result.cancel()

    def wait_until_finish(self, duration: int | None = None) -> Any:
        """Waits for the job, which is watched meanwhile.

        Raises:
            ClusterError: It failed.
            UserError: A worker refused what the user gave.
        """
        followed, job = self._handle.followed, self._handle.job
        followed.watch = Watch(job) if job is not None else None
        try:
            state = self._result.wait_until_finish(duration)
        except Exception as error:
            raise job_error(said(error), job=self._handle.name) from error
        finally:
            followed.watch = None
        if job is not None and duration is None:
            followed.book.strike_out(job)
        return state


class _Followed(portable_runner.PortableRunner):
    """What the runners below have in common."""

    def __init__(self) -> None:
        super().__init__()
        self._handle: FollowedHandle | None = None
        self._place: Place | None = None

    def create_job_service_handle(self, job_service: Any, options: PipelineOptions) -> Any:
        handle = super().create_job_service_handle(job_service, options)
        run = active()
        if run is None:
            return handle
        self._handle = FollowedHandle(handle, run, self._place)
        return self._handle

    def run_portable_pipeline(self, pipeline: Any, options: PipelineOptions) -> Any:
        # Now: where Beam submits a jar itself, it hides Flink's address from the job.
        self._handle, self._place = None, _place(type(self).__name__, options)
        if active() is not None and self._place is not None:
            # Beam would wait for minutes.
            require_answer(self._place)
        try:
            result = super().run_portable_pipeline(pipeline, options)
        except (grpc.RpcError, grpc.FutureTimeoutError, OSError, RuntimeError) as error:
            name = self._handle.name if self._handle else "not submitted"
            raise job_error(said(error), job=name) from error
        return FollowedResult(result, self._handle) if self._handle is not None else result


class PortableRunner(_Followed):
    """Beam's PortableRunner."""


class FlinkRunner(_Followed, flink_runner.FlinkRunner):
    """Beam's FlinkRunner."""


class SparkRunner(_Followed, spark_runner.SparkRunner):
    """Beam's SparkRunner."""


def _place(runner: str, options: PipelineOptions) -> Place | None:
    given = options.get_all_options(drop_default=True)
    flags = [f"--{name}" if value is True else f"--{name}={value}" for name, value in given.items()]
    return place_of([f"--runner={runner}", *flags])
