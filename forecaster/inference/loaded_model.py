"""A SavedModel, loaded, and its forecasts of contexts: TensorFlow and nothing else."""

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from tapeline.forecaster.inference.contexts import Context, raw_request
from tapeline.forecaster.inference.table import Forecast
from tapeline.forecaster.refusal_message import refusal_message
from tapeline.forecaster.saved_models import load_once
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import ANY_HORIZON, FORECAST_TIME, HORIZON, SERVE, levels_of

_ROWS_A_REQUEST = 1000


class LoadedModel:
    """A SavedModel, loaded.

    Args:
        folder: The SavedModel.
        horizon: Steps that it was trained for.
        argument: What named the rows, for messages.
    """

    def __init__(self, folder: pathlib.Path, *, horizon: int, argument: str = "--input") -> None:
        self._model = load_once(folder)
        self._horizon = horizon
        self._argument = argument

    def forecast(self, contexts: Sequence[Context]) -> list[Forecast]:
        """Returns the forecast of each context, in their order.

        Args:
            contexts: Of any numbers of steps ahead.

        Raises:
            DataError: The model refuses one; the message is its own.
        """
        forecasts: dict[int, Forecast] = {}
        for steps in {context.steps_ahead for context in contexts}:
            numbers = [number for number, context in enumerate(contexts) if context.steps_ahead == steps]
            for start in range(0, len(numbers), _ROWS_A_REQUEST):
                asked = numbers[start : start + _ROWS_A_REQUEST]
                forecasts |= zip(asked, self._forecast([contexts[number] for number in asked], steps), strict=True)
        return [forecasts[number] for number in range(len(contexts))]

    def _forecast(self, contexts: Sequence[Context], steps: int) -> Iterator[Forecast]:
        signature = self._model.signatures[SERVE if steps == self._horizon else ANY_HORIZON]
        taken = signature.structured_input_signature[1]
        request = {name: value for name, value in raw_request(contexts).items() if name in taken}
        if HORIZON in taken:
            request[HORIZON] = np.array(steps, np.int64)
        inputs = {name: tf.constant(value, taken[name].dtype) for name, value in request.items()}
        try:
            outputs = {name: value.numpy() for name, value in signature(**inputs).items()}
        except tf.errors.InvalidArgumentError as error:
            raise DataError(f"{self._argument}: the model refuses the data: {refusal_message(str(error))}") from error
        for row, context in enumerate(contexts):
            levels = {level: outputs[level][row] for level in levels_of(outputs)}
            yield Forecast(series_id=context.series_id, times=outputs[FORECAST_TIME][row], levels=levels)
