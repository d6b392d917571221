"""Looks at a cluster before anything is sent there: does it answer, and has it what a run needs.

Beam asks first when a job is submitted, and then waits: for minutes on a dead address, and on Flink for slots that
will never be there.
"""

import contextlib
import socket
import urllib.parse
from collections.abc import Sequence

from tapeline.pipeline.cluster import flink_rest, spark_rest
from tapeline.pipeline.cluster.places import Place, place_of
from tapeline.schemas.beam_flags import BeamFlags
from tapeline.schemas.errors import ClusterError

_SECONDS = 4.0
_MIB = 2**20
_TOO_LITTLE, _ENOUGH = 256 * _MIB, 1024 * _MIB
"""Network memory of a task manager: StatisticsGen fails with the one at parallelism 2, all components run with the other
(Flink 1.18.1)."""

_STARTED_BY = {
    "--job_endpoint": "A job server listens there: Beam's own is started by `python -m "
    "apache_beam.runners.portability.local_job_service_main -p PORT`, Flink's by `java -jar "
    "beam-runners-flink-VERSION-job-server.jar --flink-master HOST:8081`",
    "--flink_master": "Flink's master is started by `bin/start-cluster.sh`, or by deploy/flink/ on Kubernetes; the port "
    "is that of its REST API, 8081",
    "--spark_rest_url": "Spark's master is started by `sbin/start-master.sh` with spark.master.rest.enabled=true; the "
    "port is that of its REST endpoint, 6066",
}


def look(args: Sequence[str]) -> list[str]:
    """Looks at the cluster that arguments name, for at most some seconds.

    Returns:
        What was found, in sentences; nothing where no cluster is named.

    Raises:
        ClusterError: Nothing answers, or it cannot run what it is asked for.
    """
    place = place_of(args)
    if place is None:
        return []
    require_answer(place)
    try:
        if place.kind == "flink":
            return _look_at_flink(place, BeamFlags.of(args))
        if place.kind == "spark":
            spark_rest.require_spark(place.address)
    except OSError as error:
        raise ClusterError(f"{_no_answer(place)}: {error}. {_STARTED_BY[place.argument]}.") from error
    return [f"{place.argument}: {place.address} answers."]


def require_answer(place: Place) -> None:
    """Sees whether anybody answers at a cluster's address.

    Raises:
        ClusterError: Nobody does.
    """
    try:
        _connect(place)
    except OSError as error:
        raise ClusterError(f"{_no_answer(place)}: {error}. {_STARTED_BY[place.argument]}.") from error


def _no_answer(place: Place) -> str:
    who = {"job service": "no job server answers", "flink": "no Flink answers", "spark": "no Spark answers"}
    return f"{place.argument}: {who[place.kind]} at {place.address}"


def _connect(place: Place) -> None:
    url = urllib.parse.urlsplit(place.address if "://" in place.address else f"//{place.address}")
    port = url.port or (443 if url.scheme == "https" else 80)
    with contextlib.closing(socket.create_connection((url.hostname or "", port), timeout=_SECONDS)):
        pass


def _look_at_flink(place: Place, flags: BeamFlags) -> list[str]:
    found = flink_rest.capacity(place.address)
    what = f"--flink_master: Flink {found.version} at {place.address}".replace("  ", " ")
    if not found.task_managers:
        raise ClusterError(f"{what} has no task manager. Start one: `bin/taskmanager.sh start`.")
    parallelism = int(flags.get("parallelism") or 1)
    if found.free < parallelism:
        busy = f" ({found.slots} in all, the others are taken)" if found.slots > found.free else ""
        raise ClusterError(
            f"{what} has {found.free} free slots{busy}, and --parallelism asks for {parallelism}. Ask for less, start "
            "task managers, or wait until other jobs have ended."
        )
    told = [
        f"{what} answers: {found.task_managers} task managers, {found.free} of {found.slots} slots free, "
        f"{parallelism} asked for."
    ]
    if found.network_bytes is not None and parallelism > 1 and found.network_bytes < _ENOUGH:
        mib = f"{found.network_bytes / _MIB:.0f} MiB"
        more = "Set taskmanager.memory.network.min and .max to 1g in Flink's configuration."
        if found.network_bytes <= _TOO_LITTLE:
            raise ClusterError(f"{what}: a task manager has {mib} of network memory, StatisticsGen needs more. {more}")
        told.append(f"A task manager has {mib} of network memory; 1 GiB was enough for all components. {more}")
    return told
