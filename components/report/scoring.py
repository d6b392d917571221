"""Forecasts of the test windows, made anew through the signature that the Evaluator scores.

windows = TestWindows(uri, shape=shape, model_dir=model_dir)
for batch in windows.scored(scaler):
    collector.add(batch)
windows.views(picks, scaler)      # the few that are shown, with their context
"""

import dataclasses
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
_INDEX_BATCH = 4096


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class ReadWindows:
    """A few windows in the target's unit, with the model's forecasts of them.

    Attributes:
        series_id: Their series, bytes `[N]`.
        forecast_start: Epoch seconds `[N]`.
        context: NaN where nothing was measured `[N, T]`.
        target: The truth `[N, H]`, NaN where unobserved.
        forecast: `[N, H]`.
        interval: Lower and upper end of the 80 % prediction interval, each `[N, H]`; None for a model without.
    """

    series_id: np.ndarray
    forecast_start: np.ndarray
    context: np.ndarray
    target: np.ndarray
    forecast: np.ndarray
    interval: tuple[np.ndarray, np.ndarray] | None


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
        windows = self.read([pick.window for pick in picks], scaler)
        _, scale = scaler.parameters(windows.series_id)
        return tuple(
            WindowView(
                pick=pick,
                series_id=windows.series_id[i],
                forecast_start=int(windows.forecast_start[i]),
                context=windows.context[i],
                target=windows.target[i],
                forecast=windows.forecast[i],
                interval=(windows.interval[0][i], windows.interval[1][i]) if windows.interval else None,
                mae=pick.mae_scaled * scale[i],
            )
            for i, pick in enumerate(picks)
        )

    def read(self, places: Sequence[int] | np.ndarray, scaler: Scaler) -> ReadWindows:
        """Reads and forecasts a few windows.

        Args:
            places: Their positions among all windows; the order is kept.
            scaler: Takes them to the target's unit.
        """
        order = {int(place): i for i, place in enumerate(places)}
        found = [b""] * len(order)
        for place, record in enumerate(self._records().take(max(order) + 1).as_numpy_iterator()):
            if place in order:
                found[order[place]] = record
        serialized = tf.constant(found)
        windows = parse_windows(serialized, self._shape, with_target=True)
        outputs = self._forecast(examples=serialized)
        series_id = windows[names.SERIES_ID].numpy()

        def in_unit(scaled: tf.Tensor) -> np.ndarray:
            return scaler.unscale(scaled.numpy().astype(np.float64), series_id)

        ends = INTERVALS[0]
        return ReadWindows(
            series_id=series_id,
            forecast_start=windows[names.FORECAST_START].numpy(),
            context=np.where(windows[names.CONTEXT_OBSERVED].numpy() > 0, in_unit(windows[names.CONTEXT]), np.nan),
            target=in_unit(windows[names.TARGET]),
            forecast=in_unit(outputs[FORECAST]),
            interval=(in_unit(outputs[ends[0]]), in_unit(outputs[ends[1]])) if set(ends) <= set(outputs) else None,
        )

    def of_series(self, series_id: bytes | None) -> tuple[np.ndarray, np.ndarray]:
        """Returns positions and forecast starts of a series' windows, in order of time.

        Args:
            series_id: The series; None for that of the first window.
        """
        spec = window_feature_spec(self._shape, with_target=False)
        wanted = {name: spec[name] for name in (names.SERIES_ID, names.FORECAST_START)}
        found: list[np.ndarray] = []
        starts: list[np.ndarray] = []
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
