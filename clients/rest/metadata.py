"""What a model takes and gives, and which versions there are, as TensorFlow Serving's metadata and status calls tell it."""

import inspect
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import saved_model_pb2

_OLD, _NEW = "including_default_value_fields", "always_print_fields_with_no_presence"
# TensorFlow Serving prints fields that hold nothing as well; protobuf 5 has given that option another name.
_WITH_EMPTY_FIELDS = {_NEW if _NEW in inspect.signature(MessageToDict).parameters else _OLD: True}


def signature_defs(proto: saved_model_pb2.SavedModel) -> dict[str, Any]:
    """Returns all signatures of a SavedModel, by name.

    Args:
        proto: The content of `saved_model.pb`.
    """
    serving = next(graph for graph in proto.meta_graphs if "serve" in graph.meta_info_def.tags)
    return {
        name: MessageToDict(signature, preserving_proto_field_name=True, **_WITH_EMPTY_FIELDS)
        for name, signature in sorted(serving.signature_def.items())
    }


def metadata_tree(*, name: str, version: int, signatures: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the answer to `GET /v1/models/NAME/metadata`.

    Args:
        name: Name of the model.
        version: The version in use.
        signatures: From `signature_defs`.
    """
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def status_tree(states: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    """Returns the answer to `GET /v1/models/NAME`: the newest version first.

    Args:
        states: By version: `LOADING`, `AVAILABLE` or `END`, and what went wrong, empty for nothing.
    """
    return {
        "model_version_status": [
            {
                "version": str(version),
                "state": state,
                "status": {"error_code": "UNKNOWN" if problem else "OK", "error_message": problem},
            }
            for version, (state, problem) in sorted(states.items(), reverse=True)
        ]
    }
