"""What Beam is told of where it runs, and of how code reaches its workers.

>>> beam_arguments(("--runner=DataflowRunner", "--region=europe-west4"))
['--runner=DataflowRunner', '--region=europe-west4']
"""

from tapeline.schemas.stack import LOCAL_BEAM_RUNNER

_LOCAL_RUNNERS = ("DirectRunner", "BundleBasedDirectRunner", "FnApiRunner", "SwitchingDirectRunner")
_WITHOUT_IMAGE = (["EXTERNAL"], ["PROCESS"], ["LOOPBACK"])
_SHIPPING_FLAGS = ("--setup_file", "--extra_package", "--requirements_file", "--sdk_container_image")
_RUNNER = "--runner="


def beam_arguments(args: tuple[str, ...]) -> list[str]:
    """Returns Beam's arguments, the runner named, and TFX kept from repackaging itself where workers have the code.

    A local runner, also where none is named, is `LOCAL_BEAM_RUNNER`: what a
    newer Beam takes for its default downloads a program.

    TFX answers arguments that say nothing of how code reaches the workers by
    building a package of itself for every component. Local runners share this
    very environment, and workers of the environments EXTERNAL, PROCESS and
    LOOPBACK bring their own; naming an image, which none of them ever looks
    at, says so. Arguments of other runners are the user's own.
    """
    named = [arg.removeprefix(_RUNNER) for arg in args if arg.startswith(_RUNNER)]
    environments = [arg.split("=", 1)[1].upper() for arg in args if arg.startswith("--environment_type=")]
    is_local = not named or named[-1] in _LOCAL_RUNNERS
    result = list(args)
    if is_local:
        result = [_RUNNER + LOCAL_BEAM_RUNNER, *(arg for arg in args if not arg.startswith(_RUNNER))]
    ships = any(arg.startswith(_SHIPPING_FLAGS) for arg in args)
    if not ships and (is_local or environments[-1:] in _WITHOUT_IMAGE):
        result.append("--sdk_container_image=unused")
    return result
