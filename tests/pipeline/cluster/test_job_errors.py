"""A failed job in one line, with the fix where it is known."""

import pytest

from tapeline.pipeline.cluster.job_errors import innermost, job_error
from tapeline.schemas.errors import ClusterError, ConfigError

JAVA = """java.util.concurrent.ExecutionException: java.lang.RuntimeException: x
\tat org.apache.beam.runners.flink.FlinkPipelineRunner.run(FlinkPipelineRunner.java:1)
Caused by: org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
\tat org.apache.flink.A.b(A.java:139)
\t... 4 more
Caused by: java.io.IOException: {cause}
\tat org.apache.flink.runtime.io.network.buffer.NetworkBufferPool.x(NetworkBufferPool.java:1)
"""
PYTHON = """Traceback (most recent call last):
  File "apache_beam/runners/common.py", line 1501, in process
    return self.do_fn_invoker.invoke_process(windowed_value)
{cause} [while running 'Scan/Over blocks']
"""


def test_the_last_cause_of_java_counts_without_its_stack() -> None:
    assert innermost(JAVA.format(cause="no room")) == "IOException: no room"


def test_an_error_of_a_python_worker_is_told_as_python_told_it() -> None:
    python = PYTHON.format(cause="ValueError: no such column")
    assert innermost(python) == "ValueError: no such column"
    within = f"Error received from SDK harness for instruction 5: {python}\n\tat org.apache.beam.x(Y.java:1)"
    assert innermost(JAVA.format(cause=within)) == "ValueError: no such column"


@pytest.mark.parametrize(
    ("cause", "fix"),
    [
        ("Insufficient number of network buffers: required 17, but only 0 available", "taskmanager.memory.network.min"),
        ("Only one SparkContext should be running in this JVM", "cancel it, or start the job server again"),
        ("io.grpc.StatusRuntimeException: UNAVAILABLE: Connection refused: localhost:50000", "start it beside every"),
        ("Timed out while waiting for startup of environment", "see the worker pool's log"),
        ("java.lang.OutOfMemoryError: Java heap space", "Give workers more memory"),
        ("NoResourceAvailableException: Could not acquire the minimum required resources.", "lower --parallelism"),
    ],
)
def test_known_causes_have_their_fix_in_the_message(cause: str, fix: str) -> None:
    error = job_error(JAVA.format(cause=cause), job="tapeline-co2-Transform-1")
    assert isinstance(error, ClusterError)
    told = str(error)
    assert fix in told
    assert "(job tapeline-co2-Transform-1)" in told
    assert "\n" not in told
    assert "\tat" not in told


def test_a_missing_package_on_workers_is_told() -> None:
    python = PYTHON.format(cause="ModuleNotFoundError: No module named 'tapeline'")
    assert "install Tapeline's wheel" in str(job_error(python, job="j"))


def test_a_refusal_of_ours_comes_back_as_itself_with_all_its_lines() -> None:
    error = job_error(PYTHON.format(cause="tapeline.schemas.errors.ConfigError: a: 2 mistakes\n  b\n  c"), job="j")
    assert type(error) is ConfigError
    assert str(error) == "a: 2 mistakes\n  b\n  c"


def test_what_beam_puts_before_the_cause_is_left_out() -> None:
    assert innermost("Pipeline job-1 failed in state FAILED: java.io.IOException: no slot") == "IOException: no slot"
    assert "somebody cancelled it" in innermost("Pipeline job-1 failed in state CANCELLED: unknown error")


def test_a_job_that_says_nothing_is_told_as_such() -> None:
    assert innermost("") == "it does not say why"
