"""The serving gate itself: from a SavedModel and real windows to a verdict."""

import os
from collections.abc import Callable, Iterator
from typing import Any

from tapeline.components.serving_gate.hostile_requests import hostile_requests
from tapeline.components.serving_gate.judging import judge, not_served
from tapeline.components.serving_gate.real_requests import RealWindows, TakenInputs, real_requests
from tapeline.components.serving_gate.serve_alone import serve_alone
from tapeline.forecaster.versions import folder_fingerprint
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.served_model import GRAPH_FILE, SERVE, SIGNATURES
from tapeline.schemas.serving_result import ServingResult

TIMEOUT_SECONDS = 600.0
"""When a process that serves a model is given up."""

_INITIALIZER = "__saved_model_init_op"
_PYTHON_OPERATIONS = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})


def examine(
    model_dir: str,
    windows: RealWindows | None,
    *,
    limits: ServingConfig,
    refuses_unknown: bool,
    timeout_seconds: float = TIMEOUT_SECONDS,
    before_measuring: Callable[[], None] | None = None,
) -> ServingResult:
    """Serves a model alone, sends it requests, and judges the answers.

    Args:
        model_dir: The SavedModel.
        windows: Windows whose forecasts are known; None where there are none.
        limits: Of time and memory.
        refuses_unknown: Whether series without a scale of their own must be refused.
        timeout_seconds: When to give up.
        before_measuring: As of `CleanProcess.run`.
    """
    fingerprint = folder_fingerprint(model_dir)
    taken, problems = read_signatures(model_dir)
    if windows is None:
        problems.append("no test window whose static covariates are all known, so there is nothing real to ask")
    if problems or windows is None:
        return ServingResult(checks=(not_served("; ".join(problems)),), model_fingerprint=fingerprint)
    requests = real_requests(windows, taken) + hostile_requests(windows, taken, refuses_unknown=refuses_unknown)
    timed = next(i for i, each in enumerate(requests) if each.signature == SERVE and each.rows == slice(0, 1))
    served = serve_alone(
        model_dir, requests, timed=timed, timeout_seconds=timeout_seconds, before_measuring=before_measuring
    )
    return ServingResult(
        checks=judge(requests, served, windows=windows, limits=limits),
        requests=tuple(
            f"{'must refuse' if each.hostile else 'must answer'}  {each.signature}: {each.name}" for each in requests
        ),
        model_fingerprint=fingerprint,
        versions=served.versions,
        log=served.log if served.problem else "",
    )


def read_signatures(model_dir: str) -> tuple[TakenInputs, list[str]]:
    """Reads a SavedModel's file, without loading the model.

    Args:
        model_dir: Its folder.

    Returns:
        Names of the inputs of each signature, and what keeps the model from being served alone.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    try:
        with open(os.path.join(model_dir, GRAPH_FILE), "rb") as file:
            saved.ParseFromString(file.read())
    except (OSError, DecodeError) as error:
        return {}, [f"{GRAPH_FILE} cannot be read: {error}"]
    taken = {
        name: tuple(sorted(signature.inputs))
        for graph in saved.meta_graphs
        for name, signature in graph.signature_def.items()
        if name != _INITIALIZER
    }
    problems = []
    if missing := set(SIGNATURES) - set(taken):
        problems.append(f"the model lacks the signature {', '.join(sorted(missing))}")
    if unknown := set(taken) - set(SIGNATURES):
        named = ", ".join(sorted(unknown))
        problems.append(f"the model has the signature {named}, which the serving gate cannot ask anything")
    # Such operations call back into the process that made the graph: elsewhere they fail.
    if called_back := _PYTHON_OPERATIONS & set(_operations(saved)):
        problems.append(f"the graph calls back into Python ({', '.join(sorted(called_back))}), which no server has")
    return taken, problems


def _operations(saved: Any) -> Iterator[str]:
    for graph in saved.meta_graphs:
        for nodes in (graph.graph_def.node, *(each.node_def for each in graph.graph_def.library.function)):
            yield from (node.op for node in nodes)
