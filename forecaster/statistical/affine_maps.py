"""Linear maps from contexts to forecasts, and what is added to a forecast whatever its context is.

>>> mean = AffineMaps.linear(np.full((1, 4, 2), 0.25))
>>> both = weighed_mean([mean, AffineMaps(np.zeros((1, 4, 2)), np.array([[8.0, 8.0]]))], np.array([[0.5, 0.5]]))
>>> (np.ones((1, 4)) @ both.matrices[0] + both.constants).tolist()
[[4.5, 4.5]]
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from tapeline.series.arrays import Array


@dataclasses.dataclass(frozen=True, eq=False)
class AffineMaps:
    """One map for all series, or one for each and before these one for all others: `R` is 1 or `1 + G`.

    Attributes:
        matrices: `[R, T, H]`.
        constants: `[R, H]`; 0 where a forecast comes from its context alone.
    """

    matrices: Array
    constants: Array

    @classmethod
    def linear(cls, matrices: Array) -> "AffineMaps":
        """Returns maps without constants."""
        return cls(matrices, np.zeros((len(matrices), matrices.shape[2])))


def weighed_mean(maps: Sequence[AffineMaps], weights: Array) -> AffineMaps:
    """Returns the weighed mean of maps: again one matrix and one constant a series.

    Args:
        maps: `M` of them, each with a row for all series or with one for each.
        weights: `[1, M]`, or one row for each.
    """
    matrices, constants = np.zeros((1, *maps[0].matrices.shape[1:])), np.zeros((1, maps[0].constants.shape[1]))
    for column, one in enumerate(maps):
        share = weights[:, column, np.newaxis]
        matrices = matrices + one.matrices * share[:, :, np.newaxis]
        constants = constants + one.constants * share
    return AffineMaps(matrices, constants)
