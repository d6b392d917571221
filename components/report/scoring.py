"""Forecasts of the test windows, made anew through the signature that the Evaluator scores.

`TestWindows.scored` yields all of them in batches, in scaled space;
`TestWindows.read` gives the few that are shown, in the target's unit.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tapeline.components.report.summary import ShownWindow
from tapeline.components.report.window_errors import ScoredBatch, Values
from tapeline.forecaster.saved_models import load_once
from tapeline.schemas import features as names
from tapeline.schemas.errors import DataError
from tapeline.schemas.served_model import BASELINES, EVALUATE, FORECAST, INTERVALS
from tapeline.schemas.window_spec import WindowShape
from tapeline.series.scaling import Scaler
from tapeline.series.window_reader import parse_windows, split_files, window_feature_spec

_BATCH_VALUES = 2**18
"""Context and horizon values in a batch: long windows come in smaller batches."""
_INDEX_BATCH = 4096


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
        self._model = load_once(model_dir)  # Kept: its signatures do not keep its variables alive.
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
        for serialized in self._records().batch(self._batch_size()):
            parsed = {name: value.numpy() for name, value in tf.io.parse_example(serialized, spec).items()}
            outputs = self._forecast(examples=serialized)
            series_id = parsed[names.SERIES_ID]
            yield ScoredBatch(
                series_id=series_id,
                forecast_start=parsed[names.FORECAST_START],
                target=parsed[names.TARGET],
                forecasts={name: outputs[name].numpy() for name in (FORECAST, *BASELINES)},
                scale=scaler.parameters(series_id)[1],
                usual_error=outputs["naive_error"].numpy().astype(np.float64),
            )

    def read(self, places: Sequence[int], scaler: Scaler) -> list[ShownWindow]:
        """Reads and forecasts some windows.

        Args:
            places: Their positions among all windows, each once; the order is kept.
            scaler: Takes them to the target's unit.
        """
        order = {place: i for i, place in enumerate(places)}
        if not order:
            return []
        found = [b""] * len(order)
        for place, record in enumerate(self._records().take(max(order) + 1).as_numpy_iterator()):
            if place in order:
                found[order[place]] = record
        size = self._batch_size()
        return [
            view
            for first in range(0, len(found), size)
            for view in self._shown(tf.constant(found[first : first + size]), scaler)
        ]

    def _batch_size(self) -> int:
        return max(1, _BATCH_VALUES // (self._shape.context_length + self._shape.horizon))

    def _shown(self, serialized: tf.Tensor, scaler: Scaler) -> list[ShownWindow]:
        windows = parse_windows(serialized, self._shape, with_target=True)
        outputs = self._forecast(examples=serialized)
        series_id, start = windows[names.SERIES_ID].numpy(), windows[names.FORECAST_START].numpy()

        def in_unit(scaled: tf.Tensor) -> Values:
            return scaler.unscale(scaled.numpy().astype(np.float64), series_id)

        context = np.where(windows[names.CONTEXT_OBSERVED].numpy() > 0, in_unit(windows[names.CONTEXT]), np.nan)
        target, forecast = in_unit(windows[names.TARGET]), in_unit(outputs[FORECAST])
        ends = [in_unit(outputs[name]) for name in INTERVALS[0] if name in outputs]
        scale = scaler.parameters(series_id)[1]
        return [
            ShownWindow(
                series_id=series_id[i],
                forecast_start=int(start[i]),
                context=context[i],
                target=target[i],
                forecast=forecast[i],
                interval=(ends[0][i], ends[1][i]) if ends else None,
                scale=float(scale[i]),
            )
            for i in range(len(start))
        ]

    def of_series(self, series_id: bytes | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Returns positions and forecast starts of a series' windows, in order of time.

        Args:
            series_id: The series; None for that of the first window.
        """
        spec = window_feature_spec(self._shape, with_target=False)
        wanted = {name: spec[name] for name in (names.SERIES_ID, names.FORECAST_START)}
        found: list[npt.NDArray[np.bool_]] = []
        starts: list[npt.NDArray[np.int64]] = []
        for serialized in self._records().batch(_INDEX_BATCH):
            parsed = {name: value.numpy() for name, value in tf.io.parse_example(serialized, wanted).items()}
            series_id = parsed[names.SERIES_ID][0] if series_id is None else series_id
            found.append(parsed[names.SERIES_ID] == series_id)
            starts.append(parsed[names.FORECAST_START])
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        start = np.concatenate(starts)
        places = np.flatnonzero(np.concatenate(found))
        places = places[np.argsort(start[places], kind="stable")]
        return places, start[places]

    def _records(self) -> tf.data.TFRecordDataset:
        return tf.data.TFRecordDataset(self._files, compression_type="GZIP")
