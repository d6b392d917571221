"""The manifests: of Kubernetes' own types, and of one mind with each other, with the configuration and with the image."""

import pathlib
import re
from typing import Any

import pytest
import yaml
from kubernetes.client import models

from tapeline.forecaster.versions import VERSIONS_FOLDER
from tapeline.schemas.runner_config import KubeflowConfig

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = sorted((ROOT / "deploy").glob("*.yaml"))
SIMPLE: dict[str, Any] = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}
FOREIGN = {
    "InferenceService": {
        "spec": {"predictor": {"model": {"modelFormat", "runtimeVersion", "storageUri", "resources"}}}
    },
    "ServiceMonitor": {"spec": {"selector": {"matchLabels"}, "endpoints": {"port", "path", "interval"}}},
}
"""Fields that are used of kinds that Kubernetes' client does not know: those of KServe 0.21 and Prometheus' operator."""


def documents(*paths: pathlib.Path) -> dict[str, dict[str, Any]]:
    """Objects by their kind."""
    return {each["kind"]: each for path in paths for each in yaml.safe_load_all(path.read_text())}


def check(value: Any, kind: str, where: str) -> Any:
    """Checks a value against a type of Kubernetes' client: no other fields, the right types, all that is required."""
    if found := re.fullmatch(r"(?:list\[|dict\(str, )(.*)[\])]", kind):
        assert isinstance(value, list if kind.startswith("list") else dict), where
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [check(each, found[1], f"{where}.{key}") for key, each in pairs]
    if kind in SIMPLE:
        assert isinstance(value, SIMPLE[kind]), f"{where}: {value!r} is no {kind}"
        return value
    model = getattr(models, kind)
    fields = {name: (field, model.openapi_types[field]) for field, name in model.attribute_map.items()}
    assert set(value) <= set(fields), f"{where}: {kind} has no {set(value) - set(fields)}"
    given = {fields[name][0]: check(each, fields[name][1], f"{where}.{name}") for name, each in value.items()}
    return model(**given)


def check_foreign(value: Any, shape: Any, where: str) -> None:
    for each in value if isinstance(value, list) else [value]:
        assert set(each) == set(shape), where
        if isinstance(shape, dict):
            for key, inner in shape.items():
                check_foreign(each[key], inner, f"{where}.{key}")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_are_of_the_types_of_kubernetes(path: pathlib.Path) -> None:
    for kind, found in documents(path).items():
        if kind in FOREIGN:
            check(found["metadata"], "V1ObjectMeta", kind)
            check_foreign({"spec": found["spec"]}, FOREIGN[kind], kind)
        else:
            group, _, version = found["apiVersion"].rpartition("/")
            assert (group, version) in {("", "v1"), ("apps", "v1")}
            check(found, f"V1{kind}", path.name)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"spec": {"template": {}}}, "selector"),
        ({"spec": {"selector": {}, "template": {}, "replica": 2}}, "has no {'replica'}"),
        ({"spec": {"selector": {}, "template": {}, "replicas": "2"}}, "is no int"),
    ],
)
def test_a_mistake_in_a_manifest_is_found(broken: Any, message: str) -> None:
    with pytest.raises((AssertionError, ValueError), match=message):
        check(broken, "V1Deployment", "deployment")


def test_all_use_the_claim_and_the_folder_of_versions() -> None:
    claim = documents(ROOT / "deploy/volume-claim.yaml")["PersistentVolumeClaim"]["metadata"]["name"]
    assert claim == KubeflowConfig().volume_claim
    folder = f"runs/sales/{VERSIONS_FOLDER}"
    service = documents(ROOT / "deploy/inference-service.yaml")["InferenceService"]
    assert service["spec"]["predictor"]["model"]["storageUri"] == f"pvc://{claim}/{folder}"
    for name in ("tapeline-serve", "tensorflow-serving"):
        pod = documents(ROOT / f"deploy/{name}.yaml")["Deployment"]["spec"]["template"]["spec"]
        claims = [each["persistentVolumeClaim"] for each in pod["volumes"] if "persistentVolumeClaim" in each]
        assert claims == [{"claimName": claim, "readOnly": True}]
        assert [each["subPath"] for each in pod["containers"][0]["volumeMounts"] if "subPath" in each] == [folder]


@pytest.mark.parametrize("name", ["tapeline-serve", "tensorflow-serving"])
def test_probes_services_and_monitors_meet(name: str) -> None:
    found = documents(ROOT / f"deploy/{name}.yaml")
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    ports = {each["name"] for each in container["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/v1/models/sales", "port": "http"}
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Service"]["spec"]["selector"].items() <= labels.items()
    assert {each["targetPort"] for each in found["Service"]["spec"]["ports"]} == ports
    monitor = documents(ROOT / "deploy/service-monitor.yaml")["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= found["Service"]["metadata"]["labels"].items()
    assert {each["port"] for each in monitor["endpoints"]} <= {
        each["name"] for each in found["Service"]["spec"]["ports"]
    }


def test_the_server_is_started_as_its_image_is_made() -> None:
    found = documents(ROOT / "deploy/tapeline-serve.yaml")
    (container,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["tapeline", "serve", "--host", "0.0.0.0", "--model", "/model"]' in dockerfile
    assert "command" not in container
    assert "/model" in [each["mountPath"] for each in container["volumeMounts"]]
    assert f"EXPOSE {container['ports'][0]['containerPort']}\n" in dockerfile
