"""The Pusher node: TFX's checks of the blessings, Tapeline's atomic versions.

A model that the Evaluator or the serving gate does not bless is not pushed; that is no failure of the node.
"""

from typing import Any

from tfx.components.pusher.component import Pusher
from tfx.dsl.components.base import executor_spec
from tfx.proto.pusher_pb2 import PushDestination
from tfx.types import channel

from tapeline.components.pusher.driver import Driver
from tapeline.components.pusher.executor import KEEP, Executor


class VersionPusher(Pusher):
    """TFX's Pusher with an executor that pushes atomically and keeps the newest versions.

    Its driver looks whether earlier pushes are still there before the cache is asked.
    """

    DRIVER_CLASS = Driver
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)


def create_pusher(
    *,
    model: "channel.BaseChannel[Any]",
    model_blessing: "channel.BaseChannel[Any]",
    infra_blessing: "channel.BaseChannel[Any] | None" = None,
    serving_dir: str,
    keep: int,
) -> VersionPusher:
    """Returns the node that pushes a blessed model.

    Args:
        model: The model.
        model_blessing: The Evaluator's blessing of it.
        infra_blessing: The ServingGate's; None asks for the Evaluator's alone.
        serving_dir: Folder of the versions; a server watches it.
        keep: Versions that stay, the newest ones; those that a server has marked as in use stay as well.

    Returns:
        A node with the id `Pusher` and the output `pushed_model`: `pushed` 0 or 1, and `pushed_version`.
    """
    pusher: VersionPusher = VersionPusher(
        model=model,
        model_blessing=model_blessing,
        infra_blessing=infra_blessing,
        push_destination=PushDestination(filesystem=PushDestination.Filesystem(base_directory=serving_dir)),
        custom_config={KEEP: keep},
    ).with_id("Pusher")
    return pusher
