"""What two models must share to be scored on the same windows.

A model blessed before is compared with the candidate on the candidate's test
windows, in the candidate's scaled space. That needs the same target, inputs
and sizes. The fitted scale itself is not part of it: with every new train
split it moves a little, and a blessed model that sees slightly stretched
values loses by that, never gains, so the comparison only gets stricter than
none at all.
"""

import hashlib
import json

from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig, WindowConfig

CONTRACT = "contract"
"""Custom property of a Model artifact that holds the hash."""

_EVALUATE_VERSION = 3
"""Grows when the metrics need outputs of the signature `evaluate` that older models do not have."""


def contract(*, data: DataConfig, features: FeaturesConfig, window: WindowConfig, scaling: ScalingConfig) -> str:
    """Returns a hash of all that a model's windows depend on, the fitted scale aside."""
    parts = {
        "data": data.model_dump(include={"target", "frequency", "timezone", "offset"}),
        "features": features.model_dump(),
        "window": window.model_dump(include={"context_length", "horizon"}),
        # How members see the scaled space leaves it as it is.
        "scaling": scaling.model_dump(exclude={"transform"}),
        "evaluate": _EVALUATE_VERSION,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
