"""What Beam is told of how code reaches its workers.

beam_arguments(("--runner=FlinkRunner", "--environment_type=EXTERNAL", ...))
"""

_DIRECT_RUNNERS = ("DirectRunner", "BundleBasedDirectRunner", "SwitchingDirectRunner")
_WITHOUT_IMAGE = (["EXTERNAL"], ["PROCESS"], ["LOOPBACK"])
_SHIPPING_FLAGS = ("--setup_file", "--extra_package", "--requirements_file", "--sdk_container_image")


def beam_arguments(args: tuple[str, ...]) -> list[str]:
    """Returns Beam's arguments, with TFX kept from repackaging itself where workers have the code already.

    TFX answers arguments that say nothing of how code reaches the workers by
    building a package of itself for every component. Direct runners share this
    very environment, and workers of the environments EXTERNAL, PROCESS and
    LOOPBACK bring their own; naming an image, which none of them ever looks
    at, says so. Arguments of other runners are the user's own.
    """
    if not args or any(arg.startswith(_SHIPPING_FLAGS) for arg in args):
        return list(args)
    named = [arg.split("=", 1)[1] for arg in args if arg.startswith("--runner=")]
    environments = [arg.split("=", 1)[1].upper() for arg in args if arg.startswith("--environment_type=")]
    if not named or named[-1] in _DIRECT_RUNNERS or environments[-1:] in _WITHOUT_IMAGE:
        return [*args, "--sdk_container_image=unused"]
    return list(args)
