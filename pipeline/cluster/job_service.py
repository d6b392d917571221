"""A job service of Beam: what Flink's and Spark's job servers are, and Beam's own. Spoken to with gRPC."""

import contextlib
from collections.abc import Iterator
from typing import Any

import grpc
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

SECONDS = 15.0
"""How long an answer may take: a job service that runs jobs itself, as Beam's own does, is slow while it does."""

ENDED = ("DONE", "DRAINED", "FAILED", "CANCELLED", "STOPPED")


@contextlib.contextmanager
def _stub(address: str) -> Iterator[Any]:
    with grpc.insecure_channel(address) as channel:
        try:
            yield beam_job_api_pb2_grpc.JobServiceStub(channel)
        except grpc.RpcError as error:
            code = error.code().name if isinstance(error, grpc.Call) else type(error).__name__
            raise OSError(f"the job service at {address} answers {code}") from error


def jobs(address: str) -> list[tuple[str, str, str]]:
    """Returns id, name and state of every job that the service knows.

    Raises:
        OSError: It does not answer.
    """
    with _stub(address) as stub:
        found = stub.GetJobs(beam_job_api_pb2.GetJobsRequest(), timeout=SECONDS).job_info
    return [(job.job_id, job.job_name, beam_job_api_pb2.JobState.Enum.Name(job.state)) for job in found]


def state(address: str, job_id: str) -> str:
    """Returns the state of a job.

    Raises:
        OSError: The service does not answer, or knows no such job.
    """
    with _stub(address) as stub:
        answer = stub.GetState(beam_job_api_pb2.GetJobStateRequest(job_id=job_id), timeout=SECONDS)
    return str(beam_job_api_pb2.JobState.Enum.Name(answer.state))


def cancel(address: str, job_id: str) -> None:
    """Cancels a job.

    Raises:
        OSError: The service does not answer, or knows no such job.
    """
    with _stub(address) as stub:
        stub.Cancel(beam_job_api_pb2.CancelJobRequest(job_id=job_id), timeout=SECONDS)
