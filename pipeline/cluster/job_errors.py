r"""What a failed job says, in one line: the innermost cause, and what fixes it where that is known.

>>> innermost('java.lang.RuntimeException: org.x.Y: no\n\tat a.b(C.java:1)\nCaused by: java.io.IOException: no slot\n\tat d')
'IOException: no slot'
"""

import re

import grpc

from tapeline.schemas import errors
from tapeline.schemas.errors import ClusterError, UserError, printable

_FIXES = {
    ("Insufficient number of network buffers",): (
        "Set taskmanager.memory.network.min and .max to 1g in Flink's configuration, or ask for a lower --parallelism"
    ),
    ("Only one SparkContext",): ("Another job holds Spark's job server: cancel it, or start the job server again"),
    ("NoResourceAvailableException", "Could not acquire the minimum required resources"): (
        "Flink has too few free slots: ask for a lower --parallelism, or start task managers"
    ),
    ("OutOfMemoryError", "exit code 137", "MemoryError", "Cannot allocate memory", "memory limit"): (
        "Give workers more memory, or leave --sdk_worker_parallelism at 1 and ask for a lower --parallelism"
    ),
    ("startup of environment", "Timed out while waiting for startup", "Failed to start worker", "did not start"): (
        "A worker does not start: see the worker pool's log, have one pool to a task manager, and install Tapeline there"
    ),
    ("No module named",): (
        "Workers lack the package: install Tapeline's wheel in the environment that the worker pool runs in"
    ),
    ("SDK harness died", "Worker disconnected", "Socket closed", "worker was lost", "harness disconnected"): (
        "A worker died at its work: its log says why, often a memory limit. The same command carries on"
    ),
    ("UNAVAILABLE", "Connection refused", "failed to connect to all addresses"): (
        "If it is the worker pool (--environment_config) that refuses: start it beside every task manager, python -m "
        "apache_beam.runners.worker.worker_pool_main --service_port=50000, in an environment with Tapeline"
    ),
}
"""Fixes by words of a cause, the first that fits."""

_BEAM = re.compile(r"^Pipeline \S+ failed in state (\w+): ")
_CAUSED_BY = re.compile(r"^Caused by: (.+)$", re.MULTILINE)
_PYTHON = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Interrupt|Exit))(?:: (.*))?$", re.MULTILINE)
_JAVA_NAME = re.compile(r"\b(?:[a-z]\w*\.)+(?:\w+\$)?([A-Z]\w*)(?=:|$|\s)")
_WHILE = re.compile(r"\s*\[while running '.*$", re.DOTALL)
_OWN = re.compile(
    r"^tapeline\.schemas\.errors\.(\w+): (.*?)(?=\n\n|\n\S*Traceback|\n\tat |\Z)", re.MULTILINE | re.DOTALL
)


def said(error: BaseException) -> str:
    """Returns what an error says; of gRPC's many lines its status and its details."""
    if isinstance(error, grpc.RpcError) and isinstance(error, grpc.Call):
        return f"the job service answers {error.code().name}: {error.details()}"
    return str(error) or f"the cluster does not answer ({type(error).__name__})"


def innermost(text: str) -> str:
    """Returns the innermost cause of a failure, in one line; of a Python worker's error, that error.

    Args:
        text: What the job's messages say: a stack of Java, a traceback of Python, or one within the other.
    """
    beam = _BEAM.match(text)
    if beam and beam.group(1) == "CANCELLED":
        return "somebody cancelled it on the cluster"
    text = _BEAM.sub("", text)
    python = [found for found in _PYTHON.finditer(text) if "Traceback" in text[: found.start()]]
    if python:
        kind, said = python[-1].groups()
        said = _WHILE.sub("", said or "")
        return printable(f"{kind}: {said}" if said else kind)
    caused = _CAUSED_BY.findall(text)
    first = text.strip().partition("\n")[0]
    cause = _JAVA_NAME.sub(r"\1", caused[-1] if caused else first)
    return printable(cause.strip() or "it does not say why")


def job_error(text: str, *, job: str) -> UserError | ClusterError:
    """Returns the error of a failed job: one of ours where a worker raised one, else the cause, its fix and the job.

    Args:
        text: What the job's messages say.
        job: Its name.
    """
    own = _OWN.findall(text)
    if own:
        name, message = own[-1]
        kind = getattr(errors, name, None)
        if isinstance(kind, type) and issubclass(kind, UserError):
            return kind(_WHILE.sub("", message).strip())
    cause = innermost(text)
    fix = next((fix for words, fix in _FIXES.items() if any(word in text for word in words)), None)
    return ClusterError(f"{cause} (job {job})" + (f". {fix}." if fix else ""))
