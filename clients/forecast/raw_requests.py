"""Contexts as the inputs of the served model's signatures on raw values.

raw_request(contexts)["context"].shape      # (B, T)
"""

from collections.abc import Sequence

import numpy as np

from tapeline.clients.forecast.contexts import Context
from tapeline.schemas import features as names
from tapeline.schemas.served_model import TIMESTAMPS


def raw_request(contexts: Sequence[Context]) -> dict[str, np.ndarray]:
    """Returns every input on raw values that a signature may take.

    Args:
        contexts: All of the same number of steps ahead, `[B]`.
    """
    series = np.empty(len(contexts), object)
    series[:] = [context.series_id for context in contexts]
    return {
        names.CONTEXT: np.stack([context.values for context in contexts]),
        TIMESTAMPS: np.stack([context.timestamps for context in contexts]),
        names.SERIES_ID: series,
        names.PAST_COVARIATES: np.stack([context.past for context in contexts]),
        names.FUTURE_COVARIATES: np.stack([context.future for context in contexts]),
        names.STATIC_COVARIATES: np.stack([context.static for context in contexts]),
    }
