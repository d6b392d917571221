"""A float64 as two float32: what a `tf.train.Example` can hold of it, and what that rounds away.

>>> rounded, rest = split_floats(np.array([100000001.5, 0.5, np.nan]))
>>> rounded, rest
(array([1.e+08, 5.e-01,    nan], dtype=float32), array([1.5, 0. , 0. ], dtype=float32))
>>> (rounded.astype(np.float64) + rest).tolist()
[100000001.5, 0.5, nan]

The sum has 48 bits of precision (Dekker 1971, "A floating-point technique for
extending the available precision").
"""

import numpy as np
import numpy.typing as npt

from tapeline.series.arrays import Floats


def split_floats(values: Floats) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns the nearest float32, and what is left of each value: 0 where nothing is, and beside NaN and infinity.

    Args:
        values: float64, of any shape.
    """
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    finite = np.isfinite(rounded)
    rest = np.zeros(values.shape, np.float32)
    rest[finite] = values[finite] - rounded[finite].astype(np.float64)
    return rounded, rest
