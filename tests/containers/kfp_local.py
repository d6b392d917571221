"""Runs a compiled YAML with KFP's own executor for Docker: started inside the image, which holds kfp.

python kfp_local.py PACKAGE DATA VOLUME SOCKET RUN_NAME MAE_SCALED_BELOW
"""

import os
import sys

import docker
from docker.models.containers import ContainerCollection
from kfp import components, local


def main(package: str, data: str, volume: str, socket: str, run_name: str, limit: str) -> None:
    os.environ["DOCKER_HOST"] = f"unix://{socket}"
    start = ContainerCollection.run

    def kept(self: ContainerCollection, *arguments: object, **options: object) -> object:
        # A container that removes itself takes its exit code with it, and KFP then calls a failed step done.
        return start(self, *arguments, **{**options, "auto_remove": False})

    ContainerCollection.run = kept
    mount = docker.types.Mount("/mnt/tapeline", volume, type="bind")
    runner = local.DockerRunner(
        mounts=[mount], network_mode="none", user="1000740000:0", read_only=True, tmpfs={"/tmp": ""}
    )
    os.umask(0o002)
    # The engine would make it, with a mode in which the steps' user may not write.
    os.makedirs(f"{volume}/kfp", exist_ok=True)
    local.init(runner, pipeline_root=f"{volume}/kfp")
    pipeline = components.load_component_from_file(package)
    pipeline(data=data, run_name=run_name, mae_scaled_below=float(limit))


if __name__ == "__main__":
    main(*sys.argv[1:])
