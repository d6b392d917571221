"""The network inside a pushed SavedModel, free of what other platforms do not know.

    core = ModelCore.load("runs/co2/serving_model/1795244861")
    core({"context": scaled, "context_observed": observed, ...})     # {"forecast": [B, H], "lower": ...}, scaled

It is cut out of the graph of the signature `evaluate`: what parses Examples is
left out before it, and TensorFlow's fused LSTM kernel, which no other platform
has, is taken out of its middle and written as plain steps. Weights are
constants. Nothing else is needed than the SavedModel itself.
"""

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import graph_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tapeline.clients.platforms.lstm_steps import lstm_steps
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import EVALUATE, EXAMPLES, LEVELS

_PARSE, _LSTM = "ParseExampleV2", "BlockLSTM"
_CUT = "cut_"
_LSTM_INPUTS = {"x": 1, "cell": 2, "hidden": 3, "weights": 4, "bias": 8}
_LSTM_CELLS, _LSTM_OUTPUTS = 1, 6


@dataclasses.dataclass(frozen=True)
class ModelCore:
    """The network, to be called while a graph is traced.

    Attributes:
        graph: Its nodes; every cut is a placeholder.
        inputs: Shape of each window feature that it reads, without the batch.
        results: Tensor of each of `LEVELS` in the graph.
        lstms: Names of the kernels that were taken out, those first that others wait for.
    """

    graph: graph_pb2.GraphDef
    inputs: Mapping[str, tuple[int, ...]]
    results: Mapping[str, str]
    lstms: Mapping[str, Mapping[str, str]]

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "ModelCore":
        """Cuts the core out of a SavedModel.

        Args:
            folder: A pushed version.

        Raises:
            DataError: The SavedModel has no such core: it is none of Tapeline's, or of an older version.
        """
        module = tf.saved_model.load(os.fspath(folder))
        evaluate = module.signatures.get(EVALUATE)
        if evaluate is None or not set(LEVELS) <= set(evaluate.structured_outputs):
            raise DataError(
                f"--model: {os.fspath(folder)!r} has no signature {EVALUATE!r} with the outputs {', '.join(LEVELS)}; "
                "push the model again with this version of Tapeline."
            )
        graph, outputs = _for_few_rows(evaluate)
        results = dict(zip(LEVELS, outputs, strict=True))
        features = _cut_parsing(graph)
        lstms = _cut_lstms(graph)
        nodes = [_node(tensor) for tensor in results.values()]
        nodes += [_node(tensor) for inputs in lstms.values() for tensor in inputs.values()]
        core = tf.compat.v1.graph_util.extract_sub_graph(graph, sorted(set(nodes)))
        if not any("f" in node.attr or "body" in node.attr or "then_branch" in node.attr for node in core.node):
            core.ClearField("library")
        used = {node.name for node in core.node}
        inputs = {name: shape for name, shape in features.items() if _CUT + name in used}
        return cls(core, inputs, results, lstms)

    def __call__(self, features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Returns each of `LEVELS`, `[B, H]`, scaled.

        Args:
            features: Each of `inputs`, `[B, ...]`, scaled and without gaps.
        """
        known = {f"{_CUT}{name}:0": features[name] for name in self.inputs}
        known[f"{EXAMPLES}:0"] = next(iter(known.values()))[:, 0]
        waiting = dict(self.lstms)
        while waiting:
            # Those that read the output of another one come after it.
            ready = [
                name
                for name in waiting
                if _needs(self.graph, waiting[name].values()).isdisjoint(
                    f"{_CUT}{other}_{part}" for other in waiting for part in ("hidden", "cell")
                )
            ]
            for name in ready:
                inputs = waiting.pop(name)
                values = dict(zip(inputs, self._evaluate([*inputs.values()], known), strict=True))
                hidden, cells = lstm_steps(**values)
                known |= {f"{_CUT}{name}_hidden:0": hidden, f"{_CUT}{name}_cell:0": cells}
        return dict(zip(self.results, self._evaluate([*self.results.values()], known), strict=True))

    def _evaluate(self, tensors: Sequence[str], known: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        part = tf.compat.v1.graph_util.extract_sub_graph(self.graph, sorted({_node(tensor) for tensor in tensors}))
        there = {node.name for node in part.node}
        fed = {name: tensor for name, tensor in known.items() if _node(name) in there}
        return tf.graph_util.import_graph_def(part, input_map=fed, return_elements=[*tensors])


def _for_few_rows(evaluate: Any) -> tuple[graph_pb2.GraphDef, list[str]]:
    """The graph with weights as constants and functions written out, and the tensors of `LEVELS` in it.

    The model has a second way for large batches, which only orders the same steps otherwise: the first one is taken.
    """
    frozen = convert_variables_to_constants_v2(evaluate, lower_control_flow=False)
    graph = _plain(frozen.graph.as_graph_def())
    for node in graph.node:
        if node.op in ("If", "StatelessIf"):
            node.op = "PartitionedCall"
            del node.input[0]
            node.attr["f"].CopyFrom(node.attr["then_branch"])
            for name in ("Tcond", "then_branch", "else_branch", "output_shapes"):
                node.attr.pop(name, None)
    tensors = dict(zip(sorted(evaluate.structured_outputs), frozen.outputs, strict=True))
    wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(graph, name=""), [])
    pruned = wrapped.prune(f"{EXAMPLES}:0", [tensors[name].name for name in LEVELS])
    inlined = convert_variables_to_constants_v2(pruned, lower_control_flow=False)
    return _plain(inlined.graph.as_graph_def()), [tensor.name for tensor in inlined.outputs]


def parsed_shapes(evaluate: Any) -> dict[str, tuple[tf.DType, tuple[int, ...]]]:
    """Returns type and shape, without the batch, of each feature that the signature `evaluate` parses.

    Args:
        evaluate: The signature.
    """
    frozen = convert_variables_to_constants_v2(evaluate)
    return _parsed(frozen.graph.as_graph_def())[1]


def _parsed(graph: graph_pb2.GraphDef) -> tuple[str, dict[str, tuple[tf.DType, tuple[int, ...]]]]:
    """Name of the node that parses, and what it gives, in its order."""
    (parse,) = (node for node in graph.node if node.op == _PARSE)
    constants = {node.name: node for node in graph.node if node.op == "Const"}
    keys = tf.make_ndarray(constants[_node(parse.input[3])].attr["value"].tensor)
    shapes = [tuple(dim.size for dim in shape.dim) for shape in parse.attr["dense_shapes"].list.shape]
    types = [tf.as_dtype(kind) for kind in parse.attr["Tdense"].list.type]
    return parse.name, {key.decode(): (kind, shape) for key, kind, shape in zip(keys, types, shapes, strict=True)}


def _plain(graph: graph_pb2.GraphDef) -> graph_pb2.GraphDef:
    """The same graph without what only checks: edges that say what runs first, and comparisons of shapes."""
    for node in graph.node:
        kept = [name for name in node.input if not name.startswith("^")]
        del node.input[:]
        node.input.extend(kept)
        if node.op == "EnsureShape":
            node.op = "Identity"
            del node.attr["shape"]
    return graph


def _cut_parsing(graph: graph_pb2.GraphDef) -> dict[str, tuple[int, ...]]:
    """Puts a placeholder in the place of each parsed feature; returns the features' shapes without the batch."""
    parse, features = _parsed(graph)
    _retype_examples(graph)
    for place, (name, (kind, shape)) in enumerate(features.items()):
        _replace(graph, _output(parse, place), _CUT + name, kind.as_datatype_enum, [-1, *shape])
    return {name: shape for name, (_, shape) in features.items()}


def _retype_examples(graph: graph_pb2.GraphDef) -> None:
    """Has numbers stand in for the Examples: what is left of them is how many there are."""
    texts = {EXAMPLES}
    while True:
        passed_on = {node.name for node in graph.node if node.op == "Identity" and node.input[0] in texts} - texts
        if not passed_on:
            break
        texts |= passed_on
    for node in graph.node:
        if node.name == EXAMPLES:
            node.attr["dtype"].type = tf.float32.as_datatype_enum
        elif node.op in ("Identity", "Shape") and node.input[0] in texts:
            node.attr["T"].type = tf.float32.as_datatype_enum


def _cut_lstms(graph: graph_pb2.GraphDef) -> dict[str, dict[str, str]]:
    """Puts placeholders in the place of what the fused kernels give; returns what each of them takes."""
    taken = {}
    for number, node in enumerate([node for node in graph.node if node.op == _LSTM]):
        name = f"lstm{number}"
        taken[name] = {part: _tensor(node.input[place]) for part, place in _LSTM_INPUTS.items()}
        units = [-1, -1, -1]
        _replace(graph, _output(node.name, _LSTM_OUTPUTS), f"{_CUT}{name}_hidden", tf.float32.as_datatype_enum, units)
        _replace(graph, _output(node.name, _LSTM_CELLS), f"{_CUT}{name}_cell", tf.float32.as_datatype_enum, units)
    return taken


def _replace(graph: graph_pb2.GraphDef, tensor: str, name: str, kind: int, shape: Sequence[int]) -> None:
    """Adds a placeholder and has all nodes read it that read a tensor."""
    placeholder = graph.node.add(name=name, op="Placeholder")
    placeholder.attr["dtype"].type = kind
    for size in shape:
        placeholder.attr["shape"].shape.dim.add(size=size)
    for node in graph.node:
        for place, given in enumerate(node.input):
            if given == tensor:
                node.input[place] = name


def _needs(graph: graph_pb2.GraphDef, tensors: Iterable[str]) -> set[str]:
    part = tf.compat.v1.graph_util.extract_sub_graph(graph, sorted({_node(tensor) for tensor in tensors}))
    return {node.name for node in part.node}


def _node(tensor: str) -> str:
    return tensor.split(":")[0]


def _tensor(given: str) -> str:
    return given if ":" in given else f"{given}:0"


def _output(node: str, place: int) -> str:
    """How another node's input names an output."""
    return f"{node}:{place}" if place else node
