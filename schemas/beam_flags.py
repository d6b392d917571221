"""Beam's arguments as names and values, and what cannot stand in them together.

>>> flags = BeamFlags.of(("--runner=FlinkRunner", "--parallelism", "2", "--flink_submit_uber_jar"))
>>> flags.runner, flags.get("parallelism"), "flink_submit_uber_jar" in flags
('FlinkRunner', '2', True)

Beam itself reads them when the first component starts, and leaves most of what is wrong to the cluster.
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence

LOCAL_RUNNERS = ("DirectRunner", "BundleBasedDirectRunner", "FnApiRunner", "SwitchingDirectRunner")
RUNNERS = (*LOCAL_RUNNERS, "PortableRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")
_BY_NAME = {name.lower(): name for name in RUNNERS}

_ENVIRONMENTS = ("DOCKER", "PROCESS", "EXTERNAL", "LOOPBACK")
_AT_LEAST = {
    "parallelism": 1,
    "max_parallelism": 1,
    "job_server_timeout": 1,
    "direct_num_workers": 0,
    "sdk_worker_parallelism": 0,
}
"""Whole numbers, and the least that each may be."""

_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/]+):([0-9]{1,5})")
_EXAMPLE = "localhost:8099"


@dataclasses.dataclass(frozen=True)
class BeamFlags:
    """Arguments as names and values.

    Attributes:
        values: The values of each name in their order; "" for a switch.
    """

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, args: Sequence[str]) -> "BeamFlags":
        """Reads `--name=value`, `--name value` and `--name`."""
        values: dict[str, tuple[str, ...]] = {}
        waiting = list(args)
        while waiting:
            name, equals, value = waiting.pop(0).partition("=")
            if not equals and waiting and not waiting[0].startswith("--"):
                value = waiting.pop(0)
            name = name.removeprefix("--")
            values[name] = (*values.get(name, ()), value)
        return cls(values)

    def get(self, name: str) -> str | None:
        """Returns what an argument was given last; None where it is not there."""
        return self.values[name][-1] if name in self.values else None

    def __contains__(self, name: str) -> bool:
        return name in self.values

    @property
    def runner(self) -> str:
        """The runner's name as Beam's classes spell it; `DirectRunner` where none is named."""
        named = self.get("runner") or "DirectRunner"
        return _BY_NAME.get(named.lower(), _BY_NAME.get(named.lower() + "runner", named))

    @property
    def environment(self) -> str | None:
        """How workers start: EXTERNAL, PROCESS, LOOPBACK or DOCKER; None where it is not said."""
        kind = self.get("environment_type")
        return kind.upper() if kind else None


def beam_mistakes(args: Sequence[str]) -> Iterator[str]:
    """Yields what is wrong with arguments for Beam, each with its fix."""
    shapeless = [arg for arg in args if arg.startswith("--") and re.search(r"\s", arg.partition("=")[0])]
    if args and not args[0].startswith("--"):
        shapeless.insert(0, args[0])
    for arg in shapeless:
        yield f"{arg!r} is no argument; write --name=value, such as --runner=FlinkRunner"
    if shapeless:
        return
    flags = BeamFlags.of(args)
    yield from _value_mistakes(flags)
    if flags.runner not in RUNNERS:
        yield f"--runner: got {flags.get('runner')!r}, must be one of {', '.join(RUNNERS)}"
    elif flags.runner in LOCAL_RUNNERS:
        others = [name for name in flags.values if name.startswith(("flink_", "spark_")) or name == "job_endpoint"]
        if others:
            yield f"--{others[0]} says nothing to {flags.runner}; name its runner, such as --runner=FlinkRunner"
    else:
        yield from _cluster_mistakes(flags)


def _value_mistakes(flags: BeamFlags) -> Iterator[str]:
    for name, least in _AT_LEAST.items():
        value = flags.get(name)
        if value is not None and not (re.fullmatch(r"-?[0-9]+", value) and int(value) >= least):
            yield f"--{name}: got {value!r}, must be a whole number of at least {least}"
    kind, config = flags.environment, flags.get("environment_config")
    if kind is not None and kind not in _ENVIRONMENTS and ":" not in kind:
        yield f"--environment_type: got {flags.get('environment_type')!r}, must be one of {', '.join(_ENVIRONMENTS)}"
    if kind == "EXTERNAL" and not _PORT.fullmatch(_external_address(config)):
        given = f"got {config!r}, and" if config else "is missing;"
        yield (
            f"--environment_config {given} EXTERNAL needs the address of the worker pool beside each task manager: "
            "--environment_config=localhost:50000"
        )
    if kind == "PROCESS" and not config:
        yield (
            "--environment_config is missing; PROCESS needs the command that starts a worker: "
            """--environment_config={"command": "/opt/apache/beam/boot"}"""
        )


def _external_address(config: str | None) -> str:
    """The address in `environment_config`, which may be JSON with `url`."""
    if config and config.lstrip().startswith("{"):
        try:
            found = json.loads(config)
        except ValueError:
            return ""
        return str(found.get("url", ""))
    return config or ""


def _cluster_mistakes(flags: BeamFlags) -> Iterator[str]:
    """Yields what contradicts itself in where a cluster is."""
    runner, endpoint = flags.runner, flags.get("job_endpoint")
    if endpoint is not None and endpoint != "embed" and not _PORT.fullmatch(endpoint):
        yield f"--job_endpoint: got {endpoint!r}, must be host:port, such as {_EXAMPLE}"
    if runner == "PortableRunner" and endpoint is None:
        yield f"--job_endpoint is missing; PortableRunner needs it: --job_endpoint={_EXAMPLE}"
    for kind in ("flink", "spark"):
        foreign = [name for name in flags.values if name.startswith(f"{kind}_")]
        if foreign and runner != f"{kind.title()}Runner":
            yield f"--{foreign[0]} says nothing to {runner}; give --runner={kind.title()}Runner, or leave it out"
    masters = ("flink_master", "flink_submit_uber_jar", "spark_master_url", "spark_submit_uber_jar", "spark_rest_url")
    both = [name for name in masters if name in flags]
    if endpoint is not None and both and runner in ("FlinkRunner", "SparkRunner"):
        yield (
            f"--job_endpoint and --{both[0]} exclude each other: a job server has its own master; leave out one of them"
        )
    if runner == "FlinkRunner" and endpoint is None and "flink_master" not in flags:
        yield (
            "--flink_master is missing; FlinkRunner needs the address of Flink's master "
            "(--flink_master=flink-jobmanager:8081), or that of a job server (--job_endpoint)"
        )
    if "spark_submit_uber_jar" in flags and "spark_rest_url" not in flags:
        yield "--spark_rest_url is missing; --spark_submit_uber_jar needs it: --spark_rest_url=http://spark-master:6066"
    if "spark_rest_url" in flags and "spark_submit_uber_jar" not in flags:
        yield "--spark_rest_url is used with --spark_submit_uber_jar alone; add that, or leave it out"
