"""The serving gate itself: from a SavedModel and real windows to a verdict.

result = examine(model_dir, windows, limits=ServingConfig(), refuses_unknown=True)
result.blessed, result.in_words
"""

from tapeline.components.serving_gate.hostile_requests import hostile_asks
from tapeline.components.serving_gate.judging import judge, not_served
from tapeline.components.serving_gate.process import serve_alone
from tapeline.components.serving_gate.requests import RealWindows, real_asks
from tapeline.components.serving_gate.saved_model import describe
from tapeline.forecaster.versions import folder_fingerprint
from tapeline.schemas.gate_config import ServingConfig
from tapeline.schemas.served_model import SERVE
from tapeline.schemas.serving_result import ServingResult

TIMEOUT_SECONDS = 600.0
"""When a process that serves a model is given up."""


def examine(
    model_dir: str,
    windows: RealWindows | None,
    *,
    limits: ServingConfig,
    refuses_unknown: bool,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> ServingResult:
    """Serves a model alone, asks it, and judges the answers.

    Args:
        model_dir: The SavedModel.
        windows: Windows whose forecasts are known; None where there are none.
        limits: Of time and memory.
        refuses_unknown: Whether series without a scale of their own must be refused.
        timeout_seconds: When to give up.
    """
    fingerprint = folder_fingerprint(model_dir)
    described = describe(model_dir)
    problems = described.problems
    if windows is None:
        problems += ("no test window whose static covariates are all known, so there is nothing real to ask",)
    if problems or windows is None:
        return ServingResult(checks=(not_served("; ".join(problems)),), model_fingerprint=fingerprint)
    asks = real_asks(windows, described.inputs)
    asks += hostile_asks(windows, described.inputs, refuses_unknown=refuses_unknown)
    timed = next(i for i, ask in enumerate(asks) if ask.signature == SERVE and ask.rows == slice(0, 1))
    served = serve_alone(model_dir, asks, timed=timed, timeout_seconds=timeout_seconds)
    return ServingResult(
        checks=judge(asks, served, windows=windows, limits=limits),
        requests=tuple(
            f"{'must refuse' if ask.hostile else 'must answer'}  {ask.signature}: {ask.name}" for ask in asks
        ),
        model_fingerprint=fingerprint,
        versions=served.versions,
        log=served.log if served.problem else "",
    )
