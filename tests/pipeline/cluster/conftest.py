"""A job service of Beam whose jobs do what a test says, and REST servers that answer what a test says."""

import contextlib
import http.server
import json
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability import local_job_service


class ScriptedJob(local_job_service.BeamJob):
    """A job that runs until it is cancelled, or fails at once with a message."""

    fails_with = ""

    def run(self) -> None:
        states = beam_job_api_pb2.JobState
        self.set_state(states.RUNNING)
        if self.fails_with:
            message = beam_job_api_pb2.JobMessage(
                importance=beam_job_api_pb2.JobMessage.JOB_MESSAGE_ERROR, message_text=self.fails_with
            )
            self._log_queues.put(message)
            self.set_state(states.FAILED)


@pytest.fixture
def job_service(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.SimpleNamespace]:
    """Its address, `fail(message)`, and `states()`, the states of all jobs by name."""
    servicer = local_job_service.LocalJobServicer(beam_job_type=ScriptedJob)
    port = servicer.start_grpc_server()
    yield types.SimpleNamespace(
        address=f"localhost:{port}",
        fail=lambda message: monkeypatch.setattr(ScriptedJob, "fails_with", message),
        states=lambda: {
            job.job_name: beam_job_api_pb2.JobState.Enum.Name(job.state)
            for job in servicer.GetJobs(beam_job_api_pb2.GetJobsRequest()).job_info
        },
    )
    servicer.stop()


Rest = Callable[[dict[str, Any]], Any]


@pytest.fixture
def rest() -> Iterator[Rest]:
    """Starts a server of the answers by method and path; a function is called, its answer counts.

    It returns the server's URL and the requests that it was sent.
    """
    with contextlib.ExitStack() as stack:

        def start(answers: dict[str, Any]) -> types.SimpleNamespace:
            asked: list[str] = []

            class Handler(http.server.BaseHTTPRequestHandler):
                def answer(self) -> None:
                    asked.append(f"{self.command} {self.path}")
                    found = answers.get(asked[-1])
                    content = json.dumps(found() if callable(found) else found).encode() if found is not None else b""
                    self.send_response(404 if found is None else 200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

                do_GET = do_POST = do_PATCH = answer

                def log_message(self, *_: Any) -> None:
                    """Says nothing."""

            server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return types.SimpleNamespace(url=f"http://localhost:{server.server_address[1]}", asked=asked)

        yield start
