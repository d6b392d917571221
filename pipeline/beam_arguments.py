"""What Beam is told of where it runs, and of how code reaches its workers.

>>> beam_arguments(("--runner=DataflowRunner", "--region=europe-west4"))
['--runner=DataflowRunner', '--region=europe-west4']
"""

from tapeline.schemas.beam_flags import LOCAL_RUNNERS, BeamFlags
from tapeline.schemas.stack import LOCAL_BEAM_RUNNER

_FOLLOWED = {
    name: f"tapeline.pipeline.cluster.runners.{name}" for name in ("PortableRunner", "FlinkRunner", "SparkRunner")
}
_WITHOUT_IMAGE = ("EXTERNAL", "PROCESS", "LOOPBACK")
_SHIPPING_FLAGS = ("--setup_file", "--extra_package", "--requirements_file", "--sdk_container_image")
_RUNNER = "--runner="


def beam_arguments(args: tuple[str, ...]) -> list[str]:
    """Returns Beam's arguments, the runner named, and TFX kept from repackaging itself where workers have the code.

    A local runner, also where none is named, is `LOCAL_BEAM_RUNNER`: what a
    newer Beam takes for its default downloads a program. A runner for clusters
    is the one of `cluster/runners.py`, whose jobs a run names, shows and ends.

    TFX answers arguments that say nothing of how code reaches the workers by
    building a package of itself for every component. Local runners share this
    very environment, and workers of the environments EXTERNAL, PROCESS and
    LOOPBACK bring their own; naming an image, which none of them ever looks
    at, says so. Arguments of other runners are the user's own.
    """
    flags = BeamFlags.of(args)
    runner, result = flags.runner, list(args)
    is_local = runner in LOCAL_RUNNERS
    if is_local or runner in _FOLLOWED:
        # The last one counts.
        others = [
            f"--{name}={value}" if value else f"--{name}"
            for name, values in flags.values.items()
            for value in values
            if name != "runner"
        ]
        result = [_RUNNER + (LOCAL_BEAM_RUNNER if is_local else _FOLLOWED[runner]), *others]
    ships = any(arg.startswith(_SHIPPING_FLAGS) for arg in args)
    if not ships and (is_local or flags.environment in _WITHOUT_IMAGE):
        result.append("--sdk_container_image=unused")
    return result
