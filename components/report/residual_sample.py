"""The residuals of a split, thinned out where there are too many: enough for their distribution.

>>> sample = ResidualSample(most=4)
>>> sample.add(np.arange(6.0)[:, np.newaxis])
>>> sample.values().tolist(), sample.stride
([0.0, 2.0, 4.0], 2)
"""

import numpy as np
import numpy.typing as npt

MOST_RESIDUALS = 2**20
"""Residuals kept for the distribution."""


class ResidualSample:
    """The residuals of all windows, or of every 2nd, 4th, ... where there are too many.

    Args:
        most: Residuals kept at most (at least those of one window).
    """

    def __init__(self, most: int = MOST_RESIDUALS) -> None:
        self.stride = 1
        self._most = most
        self._seen = 0
        self._rows = np.zeros(0, np.int64)
        self._kept: list[npt.NDArray[np.float32]] = []

    def add(self, residual: npt.NDArray[np.float64]) -> None:
        """Adds windows `[B, H]`."""
        rows = np.arange(self._seen, self._seen + len(residual))
        self._seen += len(residual)
        chosen = rows % self.stride == 0
        self._rows = np.concatenate([self._rows, rows[chosen]])
        self._kept.append(residual[chosen].astype(np.float32))
        while len(self._rows) > 1 and len(self._rows) * residual.shape[1] > self._most:
            self.stride *= 2
            stays = self._rows % self.stride == 0
            self._kept = [np.concatenate(self._kept)[stays]]
            self._rows = self._rows[stays]

    def values(self) -> npt.NDArray[np.float32]:
        """The finite residuals kept, float32 `[R]`."""
        kept = np.concatenate(self._kept).ravel()
        finite: npt.NDArray[np.float32] = kept[np.isfinite(kept)]
        return finite
