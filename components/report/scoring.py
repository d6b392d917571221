"""Forecasts of the test windows, made anew through the signature that the Evaluator scores.

windows = TestWindows(uri, shape=shape, model_dir=model_dir)
for batch in windows.scored(scaler):
    collector.add(batch)
windows.views(picks, scaler)      # the few that are shown, with their context
"""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from tapeline.components.report.run_figures import WindowView
from tapeline.components.report.summary import Pick
from tapeline.components.report.window_errors import ScoredBatch
from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import BASELINES, EVALUATE, FORECAST, INTERVALS
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.scaling import Scaler
from tapeline.series.window_reader import parse_windows, split_files, window_feature_spec

_BATCH_VALUES = 2**18
"""Context and horizon values in a batch: long windows come in smaller batches."""


class TestWindows:
    """The windows of the test split and the model that forecasts them.

    Args:
        uri: Folder of the windows.
        shape: Widths of a window.
        model_dir: The SavedModel.

    Raises:
        DataError: There are no windows, or the model has no such signature.
    """

    __test__ = False  # Its name begins like that of a test class.

    def __init__(self, uri: str, *, shape: WindowShape, model_dir: str) -> None:
        self._files = split_files(uri, "test")
        self._shape = shape
        self._model = tf.saved_model.load(model_dir)  # Kept: its signatures do not keep its variables alive.
        if EVALUATE not in self._model.signatures:
            raise DataError(
                f"model: {model_dir!r} has the signatures {sorted(self._model.signatures)}, not {EVALUATE!r}. "
                "Train anew with this version of Tapeline."
            )
        self._forecast = self._model.signatures[EVALUATE]

    def scored(self, scaler: Scaler) -> Iterator[ScoredBatch]:
        """Yields every window with its forecasts, in the order of the files."""
        wanted = (names.SERIES_ID, names.FORECAST_START, names.TARGET)
        spec = {name: window_feature_spec(self._shape, with_target=True)[name] for name in wanted}
        size = max(1, _BATCH_VALUES // (self._shape.context_length + self._shape.horizon))
        for serialized in self._records().batch(size):
            parsed = {name: value.numpy() for name, value in tf.io.parse_example(serialized, spec).items()}
            outputs = self._forecast(examples=serialized)
            series_id = parsed[names.SERIES_ID]
            yield ScoredBatch(
                series_id=series_id,
                forecast_start=parsed[names.FORECAST_START],
                target=parsed[names.TARGET],
                forecasts={name: outputs[name].numpy() for name in (FORECAST, *BASELINES)},
                scale=scaler.parameters(series_id)[1],
            )

    def views(self, picks: Sequence[Pick], scaler: Scaler) -> tuple[WindowView, ...]:
        """Reads the chosen windows again, in the target's unit, in the order of the picks."""
        if not picks:
            return ()
        place = {pick.window: i for i, pick in enumerate(picks)}
        found: dict[int, bytes] = {}
        for number, serialized in enumerate(self._records().as_numpy_iterator()):
            if number in place:
                found[place[number]] = serialized
                if len(found) == len(place):
                    break
        serialized = tf.constant([found[i] for i in range(len(picks))])
        windows = parse_windows(serialized, self._shape, with_target=True)
        outputs = self._forecast(examples=serialized)
        series_id = windows[names.SERIES_ID].numpy()
        _, scale = scaler.parameters(series_id)

        def in_unit(scaled: tf.Tensor) -> np.ndarray:
            return scaler.unscale(scaled.numpy().astype(np.float64), series_id)

        context = np.where(windows[names.CONTEXT_OBSERVED].numpy() > 0, in_unit(windows[names.CONTEXT]), np.nan)
        target, forecast = in_unit(windows[names.TARGET]), in_unit(outputs[FORECAST])
        interval = [in_unit(outputs[name]) for name in INTERVALS[0]] if set(INTERVALS[0]) <= set(outputs) else None
        starts = windows[names.FORECAST_START].numpy()
        return tuple(
            WindowView(
                pick=pick,
                series_id=series_id[i],
                forecast_start=int(starts[i]),
                context=context[i],
                target=target[i],
                forecast=forecast[i],
                interval=(interval[0][i], interval[1][i]) if interval else None,
                mae=pick.mae_scaled * scale[i],
            )
            for i, pick in enumerate(picks)
        )

    def _records(self) -> tf.data.TFRecordDataset:
        return tf.data.TFRecordDataset(self._files, compression_type="GZIP")
