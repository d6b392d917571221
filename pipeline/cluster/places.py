"""Which cluster Beam's arguments name, and whom to ask about it.

>>> place_of(("--runner=FlinkRunner", "--flink_master=flink:8081"))
Place(kind='flink', address='http://flink:8081', argument='--flink_master')
"""

import dataclasses
from collections.abc import Sequence
from typing import Literal

from tapeline.schemas.beam_flags import BeamFlags

Kind = Literal["job service", "flink", "spark"]


@dataclasses.dataclass(frozen=True)
class Place:
    """A cluster, as a run reaches it.

    Attributes:
        kind: Who answers: one of Beam's job services, Flink's REST API or Spark's.
        address: `host:port` of a job service, else a URL.
        argument: The argument of Beam that the address comes from.
    """

    kind: Kind
    address: str
    argument: str


def place_of(args: Sequence[str]) -> Place | None:
    """Returns the cluster that arguments name; None for this machine's own processes and for Dataflow."""
    flags = BeamFlags.of(args)
    runner = flags.runner.rpartition(".")[2]
    if runner not in ("PortableRunner", "FlinkRunner", "SparkRunner"):
        return None
    endpoint = flags.get("job_endpoint")
    if endpoint is not None:
        return None if endpoint == "embed" else Place("job service", endpoint, "--job_endpoint")
    master = flags.get("flink_master")
    if runner == "FlinkRunner" and master and not master.startswith("["):
        return Place("flink", _url(master), "--flink_master")
    rest = flags.get("spark_rest_url")
    if runner == "SparkRunner" and rest:
        return Place("spark", _url(rest), "--spark_rest_url")
    return None


def _url(address: str) -> str:
    return (address if "://" in address else f"http://{address}").rstrip("/")
