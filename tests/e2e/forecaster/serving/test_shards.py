"""A served model cuts large batches into shards, and no row can tell."""

from typing import Any

import numpy as np

from tapeline.forecaster.serving.signatures import LARGE
from tests.e2e.forecaster.serving.small_export import raw_request, serve


def test_a_row_of_a_large_batch_is_forecast_as_if_it_were_alone(served: Any) -> None:
    context, timestamps = raw_request(rows=LARGE + 5)
    together = serve(served, context, timestamps)
    for row in (0, LARGE // 2, LARGE + 4):
        alone = serve(served, context[row : row + 1], timestamps[row : row + 1])
        for name, values in alone.items():
            np.testing.assert_allclose(together[name][row : row + 1], values, rtol=1e-5, err_msg=name)
