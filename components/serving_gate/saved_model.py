"""What a SavedModel's file says of it before anything is loaded: its signatures, and the operations it needs.

described = describe(model_dir)
described.inputs["serving_default"]     # ('context', 'timestamps')
described.problems                      # () for a model that needs stock TensorFlow alone
"""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from typing import Any

from tapeline.schemas.served_model import GRAPH_FILE, SIGNATURES

PYTHON_OPERATIONS = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})
"""Operations that call back into the process that made the graph: elsewhere they fail."""

_INITIALIZER = "__saved_model_init_op"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Description:
    """What a SavedModel's file says.

    Attributes:
        inputs: Names of the inputs of each signature.
        problems: What keeps it from being served alone; empty if nothing does.
    """

    inputs: Mapping[str, tuple[str, ...]]
    problems: tuple[str, ...]


def describe(model_dir: str) -> Description:
    """Reads a SavedModel's file.

    Args:
        model_dir: Its folder.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        with tf.io.gfile.GFile(os.path.join(model_dir, GRAPH_FILE), "rb") as file:
            saved.ParseFromString(file.read())
    except (tf.errors.OpError, DecodeError) as error:
        return Description(inputs={}, problems=(f"{GRAPH_FILE} cannot be read: {error}",))
    inputs = {
        name: tuple(sorted(signature.inputs))
        for graph in saved.meta_graphs
        for name, signature in graph.signature_def.items()
        if name != _INITIALIZER
    }
    problems = []
    for what, found in (("lacks", set(SIGNATURES) - set(inputs)), ("has", set(inputs) - set(SIGNATURES))):
        if found:
            more = "" if what == "lacks" else ", which the serving gate cannot ask anything"
            problems.append(f"the model {what} the signature {', '.join(sorted(found))}{more}")
    called_back = sorted({node.op for node in _nodes(saved) if node.op in PYTHON_OPERATIONS})
    if called_back:
        problems.append(f"the graph calls back into Python ({', '.join(called_back)}), which no server has")
    return Description(inputs=inputs, problems=tuple(problems))


def _nodes(saved: Any) -> Iterator[Any]:
    for graph in saved.meta_graphs:
        yield from graph.graph_def.node
        for function in graph.graph_def.library.function:
            yield from function.node_def
