"""The files of deploy/flink say what their schemas allow, and what was measured.

Pods, services and deployments are held against the Kubernetes API as its Python client has it. Of the operator's
FlinkDeployment the part that is used stands here, by
https://github.com/apache/flink-kubernetes-operator/blob/main/helm/flink-kubernetes-operator/crds/flinkdeployments.flink.apache.org-v1.yml.
"""

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tapeline.cli.arguments import read_runner
from tapeline.schemas.beam_flags import BeamFlags

ROOT = pathlib.Path(__file__).parents[2]
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}


def _only(**properties: Any) -> dict[str, Any]:
    """An object that has no other properties."""
    return {"type": "object", "additionalProperties": False, "properties": properties}


RESOURCE = _only(cpu={"type": "number"}, memory={"type": "string"}, ephemeralStorage={"type": "string"})
MANAGER = _only(replicas={"type": "integer"}, resource=RESOURCE, podTemplate={"type": "object"})
FLINK_DEPLOYMENT = _only(
    apiVersion={"const": "flink.apache.org/v1beta1"},
    kind={"const": "FlinkDeployment"},
    metadata={"type": "object", "required": ["name"]},
    spec=_only(
        flinkConfiguration=TEXTS,
        flinkVersion={"enum": [f"v1_{minor}" for minor in range(13, 21)]},
        image={"type": "string"},
        imagePullPolicy={"type": "string"},
        jobManager=MANAGER,
        logConfiguration=TEXTS,
        mode={"enum": ["native", "standalone"]},
        podTemplate={"type": "object"},
        restartNonce={"type": "integer"},
        serviceAccount={"type": "string"},
        taskManager=MANAGER,
    ),
)


def documents(name: str) -> dict[tuple[str, str], Any]:
    """The file's objects by kind and name."""
    found = yaml.safe_load_all((ROOT / "deploy" / "flink" / name).read_text())
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def mistakes(value: Any, kind: str, path: str = "") -> Iterator[str]:
    """Yields what Kubernetes' API does not have, or has with another type."""
    client = pytest.importorskip("kubernetes.client")
    plain: dict[str, Any] = {"str": str, "int": int, "bool": bool, "float": float, "object": (str, int)}
    if found := re.fullmatch(r"list\[(.+)\]", kind):
        if not isinstance(value, list):
            yield f"{path}: no list"
            return
        for at, each in enumerate(value):
            yield from mistakes(each, found.group(1), f"{path}[{at}]")
    elif found := re.fullmatch(r"dict\(str, (.+)\)", kind):
        for key, each in value.items():
            yield from mistakes(each, found.group(1), f"{path}.{key}")
    elif kind in plain:
        if not isinstance(value, plain[kind]):
            yield f"{path}: {value!r} is no {kind}"
    else:
        model = getattr(client, kind)
        types = {name: model.openapi_types[attribute] for attribute, name in model.attribute_map.items()}
        for key, each in value.items():
            if key in types:
                yield from mistakes(each, types[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}: {kind} has no such field"


def pod(name: str) -> Any:
    """The pod of a task manager."""
    found = documents(name)
    if name == "operator.yaml":
        return found["FlinkDeployment", "tapeline-flink"]["spec"]["taskManager"]["podTemplate"]
    return found["Deployment", "tapeline-flink-taskmanager"]["spec"]["template"]


def settings(name: str) -> dict[str, str]:
    """Flink's configuration."""
    if name == "operator.yaml":
        found = documents(name)["FlinkDeployment", "tapeline-flink"]["spec"]["flinkConfiguration"]
    else:
        found = yaml.safe_load(documents(name)["ConfigMap", "tapeline-flink"]["data"]["FLINK_PROPERTIES"])
    return {key: str(value) for key, value in found.items()}


def test_the_operators_cluster_is_what_its_schema_allows() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(documents("operator.yaml")["FlinkDeployment", "tapeline-flink"], FLINK_DEPLOYMENT)
    assert not list(mistakes(pod("operator.yaml"), "V1PodTemplateSpec"))


def test_the_plain_cluster_is_what_kubernetes_api_allows() -> None:
    kinds = {("v1", "ConfigMap"), ("v1", "Service"), ("apps/v1", "Deployment")}
    for (kind, _), document in documents("deployments.yaml").items():
        assert (document["apiVersion"], kind) in kinds
        assert not list(mistakes(document, f"V1{kind}"))
        if kind == "Deployment":
            labels = document["spec"]["template"]["metadata"]["labels"]
            assert document["spec"]["selector"]["matchLabels"] == labels


def test_a_wrong_field_is_found() -> None:
    container = {"name": "a", "imagePull": "x", "ports": [{"containerPort": "80"}]}
    assert list(mistakes(container, "V1Container")) == [
        ".imagePull: V1Container has no such field",
        ".ports[0].containerPort: '80' is no int",
    ]


@pytest.mark.parametrize("name", ["operator.yaml", "deployments.yaml"])
def test_both_have_what_was_measured_and_what_the_runner_file_takes_for_granted(name: str) -> None:
    flags = BeamFlags.of(read_runner(str(ROOT / "configs" / "runners" / "flink.yaml"))["beam"]["args"])
    containers = {each["name"]: each for each in pod(name)["spec"]["containers"]}
    pool = containers["worker-pool"]
    assert f"--service_port={str(flags.get('environment_config')).rpartition(':')[2]}" in pool["command"]
    assert "apache_beam.runners.worker.worker_pool_main" in pool["command"]
    assert {"name": "runs", "mountPath": "/mnt/tapeline"} in pool["volumeMounts"]
    assert {"name": "runs", "persistentVolumeClaim": {"claimName": "tapeline"}} in pod(name)["spec"]["volumes"]
    flink = settings(name)
    assert flink["taskmanager.numberOfTaskSlots"] == "1"
    assert flink["taskmanager.memory.network.min"] == flink["taskmanager.memory.network.max"] == "1g"
    assert flink["restart-strategy.type"] == "fixed-delay"
    assert (ROOT / "deploy" / "flink" / name).read_text().count(f"flink:{flags.get('flink_version')}") in (1, 2)


def test_the_two_clusters_differ_in_nothing_that_flink_reads() -> None:
    plain = settings("deployments.yaml")
    assert settings("operator.yaml").items() <= plain.items()
    assert pod("operator.yaml")["spec"]["containers"][0] == pod("deployments.yaml")["spec"]["containers"][1]
