"""A step on Vertex AI sees buckets as folders, and Vertex gets its own names back."""

import json

import pytest

from tapeline.pipeline.vertex_step import name_buckets, with_mounted_buckets

INVOCATION = {
    "inputs": {"artifacts": {"model": {"artifacts": [{"uri": "gs://bucket/model"}]}}},
    "outputs": {"outputFile": "gs://bucket/task/executor_output.json"},
}


@pytest.mark.parametrize("joined", [True, False])
def test_every_bucket_is_mounted(joined):
    text = json.dumps(INVOCATION)
    name = "--json_serialized_invocation_args"
    arguments = [f"{name}={text}"] if joined else [name, text]
    mounted, answer = with_mounted_buckets(["--executor_class_path=a.B", *arguments], mount="/mnt/")
    assert "gs://" not in " ".join(mounted)
    assert "/mnt/bucket/model" in " ".join(mounted)
    assert str(answer) == "/mnt/bucket/task/executor_output.json"


def test_the_answer_names_buckets(tmp_path):
    answer = tmp_path / "bucket" / "executor_output.json"
    answer.parent.mkdir()
    answer.write_text(json.dumps({"uri": f"{tmp_path}/bucket/model"}))
    name_buckets(answer, mount=f"{tmp_path}/")
    assert json.loads(answer.read_text()) == {"uri": "gs://bucket/model"}


def test_a_step_of_something_else_is_refused():
    with pytest.raises(ValueError, match="no step that TFX compiled"):
        with_mounted_buckets(["--help"])
