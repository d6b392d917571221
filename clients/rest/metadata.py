"""What a model takes and gives, as TensorFlow Serving's metadata and status calls print it.

Field by field what protobuf's JSON printer writes there: numbers of 64 bits
are strings, and fields that hold nothing are printed too.
"""

from collections.abc import Mapping
from typing import Any

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2


def signature_defs(proto: saved_model_pb2.SavedModel) -> dict[str, Any]:
    """Returns all signatures of a SavedModel, by name.

    Args:
        proto: The content of `saved_model.pb`.
    """
    serving = next(graph for graph in proto.meta_graphs if "serve" in graph.meta_info_def.tags)
    return {
        name: {
            "inputs": {key: _tensor_info(info) for key, info in sorted(signature.inputs.items())},
            "outputs": {key: _tensor_info(info) for key, info in sorted(signature.outputs.items())},
            "method_name": signature.method_name,
            "defaults": {},
        }
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


def _tensor_info(info: meta_graph_pb2.TensorInfo) -> dict[str, Any]:
    shape = info.tensor_shape
    return {
        "dtype": types_pb2.DataType.Name(info.dtype),
        "tensor_shape": {
            "dim": [{"size": str(dim.size), "name": dim.name} for dim in shape.dim],
            "unknown_rank": shape.unknown_rank,
        },
        "name": info.name,
    }
