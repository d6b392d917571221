"""A solved ridge regression: what a highway adopts, and what is told of it."""

import dataclasses

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RidgeFit:
    """A solved ridge regression; `M` is 1, or 1 more than the series where each has a map of its own.

    Attributes:
        kernel: `[D, H]`, for all series, or for those without a map of their own.
        bias: `[H]`.
        spread: Root mean square of target less last context value over the train windows, scaled units.
        penalty: The penalty that was chosen for the context.
        covariate_factor: How much harder the covariates were penalised.
        eval_mae: Its mean absolute error on the eval windows, scaled units.
        series_kernel: A map for each series, `[M - 1, D, H]`, or None.
        series_bias: `[M - 1, H]`, or None.
        fold_kernel: The maps that were fitted without a block in time, `[F, M, D, H]`, the shared one first, or None.
        fold_bias: `[F, M, H]`, or None.
    """

    kernel: Floats
    bias: Floats
    spread: float
    penalty: float
    covariate_factor: float
    eval_mae: float
    series_kernel: Floats | None = None
    series_bias: Floats | None = None
    fold_kernel: Floats | None = None
    fold_bias: Floats | None = None

    def maps(self) -> tuple[Floats, Floats]:
        """Returns kernels `[M, D, H]` and biases `[M, H]` of all maps, the shared one first."""
        if self.series_kernel is None or self.series_bias is None:
            return self.kernel[np.newaxis], self.bias[np.newaxis]
        return (
            np.concatenate([self.kernel[np.newaxis], self.series_kernel]),
            np.concatenate([self.bias[np.newaxis], self.series_bias]),
        )

    def fold_differences(self) -> tuple[Floats, Floats]:
        """Returns what a fold's maps have over the full fit's, `[(F + 1) M, D, H]` and `[(F + 1) M, H]`.

        The first `M` are zeros, for windows without a fold.

        Raises:
            ValueError: The fit is not cross-fitted.
        """
        if self.fold_kernel is None or self.fold_bias is None:
            raise ValueError("fold_kernel: is None; fit with folds first.")
        kernels, biases = self.maps()
        kernel = np.concatenate([np.zeros_like(kernels)[np.newaxis], self.fold_kernel - kernels])
        bias = np.concatenate([np.zeros_like(biases)[np.newaxis], self.fold_bias - biases])
        return kernel.reshape(-1, *kernels.shape[1:]), bias.reshape(-1, *biases.shape[1:])
