"""What the transform graph computes for each row: scaled values, numbers of categories, holidays, calendar features.

All statistics come from the train split: `beam_analysis` gives TensorFlow
Transform no other.
"""

import contextlib
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from tapeline.components.transform.beam_scaling import FitScales
from tapeline.schemas import features as names
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.sections import DataConfig, ScalingConfig
from tapeline.series.categories import vocabulary_file
from tapeline.series.scaling import OVERALL, SCALE_FILE, scope_of
from tapeline.series.time_features import TimeFeatures


def preprocessing_fn(inputs: dict[str, Any], custom_config: dict[str, str]) -> dict[str, tf.Tensor]:
    """Returns scaled rows, as `docs/data-formats.md` describes them.

    Args:
        inputs: Columns of a batch of rows; dense `[B]` or `[B, 1]`, or sparse where values are missing.
        custom_config: JSON of the sections `data`, `features` and `scaling`.
    """
    data = DataConfig.model_validate_json(custom_config["data"])
    features = FeaturesConfig.model_validate_json(custom_config["features"])
    scaling = ScalingConfig.model_validate_json(custom_config["scaling"])

    series = column(inputs[names.SERIES_ID])
    timestamp = column(inputs[names.TIMESTAMP])
    outputs = {
        names.SERIES_ID: series,
        names.TIMESTAMP: timestamp,
        names.TARGET: _scaled_target(series, exact_column(inputs, names.TARGET), scaling),
    }
    if features.past_covariates:
        outputs[names.PAST_COVARIATES] = _covariates(inputs, features.past_covariates, features, scaling.method)
    if features.future_size:
        known = _covariates(inputs, features.future_covariates, features, scaling.method)
        # Many series have rows at the same times.
        times, place = tf.unique(timestamp)
        of_time = tf.gather(TimeFeatures(data, features)(times), place)
        outputs[names.FUTURE_COVARIATES] = tf.ensure_shape(
            tf.concat([known, of_time], axis=1), [None, features.future_size]
        )
    if features.static_covariates:
        outputs[names.STATIC_COVARIATES] = _covariates(inputs, features.static_covariates, features, scaling.method)
    return outputs


def column(values: Any) -> tf.Tensor:
    """Returns one value a row, `[B]`; NaN where a float is missing.

    Args:
        values: Dense `[B]` or `[B, 1]`, or sparse `[B, <= 1]`.
    """
    if isinstance(values, tf.SparseTensor):
        shape = tf.stack([values.dense_shape[0], 1])
        default = float("nan") if values.dtype.is_floating else ("" if values.dtype == tf.string else 0)
        one = tf.SparseTensor(values.indices, values.values, shape)
        values = tf.sparse.to_dense(one, default_value=tf.constant(default, values.dtype))
    return tf.reshape(values, [-1])


def exact_column(inputs: dict[str, Any], name: str) -> tf.Tensor:
    """Returns one float64 a row, `[B]`, NaN where missing: the float32 and what it rounds away."""
    rest = column(inputs[names.rest(name)])
    return tf.cast(column(inputs[name]), tf.float64) + tf.cast(tf.where(tf.math.is_nan(rest), 0.0, rest), tf.float64)


def _scaled_target(series: tf.Tensor, target: tf.Tensor, scaling: ScalingConfig) -> tf.Tensor:
    (path,) = tft.experimental.ptransform_analyzer(
        [series, target],
        FitScales(scaling),
        output_dtypes=[tf.string],
        output_shapes=[[]],
        output_asset_default_values=[OVERALL + b"\t0\t1\tall\n"],
        name="series_scales",
    )
    tft.annotate_asset(SCALE_FILE, SCALE_FILE)
    scope = scope_of(per_series=scaling.per_series, unseen_series=scaling.unseen_series)
    # A name is escaped and looked up once, however many rows bear it.
    ids, place = tf.unique(series)
    keys = tf.fill(tf.shape(ids), OVERALL) if scope == "all" else escape_ids(ids)
    found = tf.gather(_scales(keys, path, name="scale_of_series"), place)
    scaled = (target - found[:, 0]) / found[:, 1]
    unseen = tf.math.is_nan(found[:, 1])
    if scope == "unseen":
        either = _scales(tf.constant([OVERALL]), path, name="scale_of_all")
        scaled = tf.where(unseen, (target - either[:, 0]) / either[:, 1], scaled)
    if scope == "none":
        # A series without a scale may not pass as one without values: `window_tally` refuses infinite targets by name.
        scaled = tf.where(unseen & ~tf.math.is_nan(target), tf.constant(float("inf"), tf.float64), scaled)
    return tf.cast(scaled, tf.float32)


def escape_ids(series: tf.Tensor) -> tf.Tensor:
    """Returns series ids as the scale file writes them: `scaling.escape` as TensorFlow ops."""
    for pattern, text in ((r"\\", r"\\\\"), ("\t", r"\\t"), ("\n", r"\\n"), ("\r", r"\\r")):
        series = tf.strings.regex_replace(series, pattern, text)
    return series


def _scales(keys: tf.Tensor, path: Any, *, name: str) -> tf.Tensor:
    """Offset and scale of each key, float64 `[N, 2]`; NaN for a key that the file does not hold."""
    # TFT's hook for tables on a file takes whole numbers only: the float64 travel through it bit by bit.
    return tf.bitcast(tft.apply_vocabulary(keys, path, lookup_fn=_lookup, name=name), tf.float64)


def _lookup(keys: tf.Tensor, path: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Looks series up in the scale file; one hash table for the offset and one for the scale.

    Args:
        keys: Escaped series ids, `[N]`.
        path: The file; an eager tensor where it is written already.

    Returns:
        Bits of offset and scale, int64 `[N, 2]`, and the number of lines.
    """
    with contextlib.ExitStack() as stack:
        if tf.inside_function() and not tf.is_symbolic_tensor(path):
            # A table that hangs on a file is filled once, when the graph is loaded, not at each call.
            stack.enter_context(tf.init_scope())
        tables = [
            tf.lookup.StaticHashTable(
                tf.lookup.TextFileInitializer(path, tf.string, 0, tf.float64, index, delimiter="\t"), float("nan")
            )
            for index in (1, 2)
        ]
        size = tables[0].size()
    return tf.bitcast(tf.stack([table.lookup(keys) for table in tables], axis=1), tf.int64), size


def _covariates(inputs: dict[str, Any], columns: tuple[str, ...], features: FeaturesConfig, method: str) -> tf.Tensor:
    """Covariates over all series, `[B, n]`: amounts scaled, NaN where missing; categories as their numbers."""
    parts = [
        _category(column(inputs[name]), vocabulary_file(features, name))
        if name in features.categorical
        else _scaled_column(exact_column(inputs, name), method)
        for name in columns
    ]
    if not parts:
        return tf.zeros([tf.shape(column(inputs[names.TIMESTAMP]))[0], 0])
    return tf.stack(parts, axis=1)


def _category(texts: tf.Tensor, file: str) -> tf.Tensor:
    """The number of each text, the most frequent of train first, from 1; `UNSEEN` for any other, and where missing."""
    texts = tf.strings.strip(texts)
    present = tf.boolean_mask(texts, tf.not_equal(texts, ""))
    vocabulary = tft.vocabulary(present, vocab_filename=file)
    found = tft.apply_vocabulary(texts, vocabulary, default_value=names.UNSEEN - 1)
    return tf.cast(found + 1, tf.float32)


def _scaled_column(values: tf.Tensor, method: str) -> tf.Tensor:
    """A column that is constant in train keeps the scale 1, so its value becomes 0: as for the target."""
    measured = tf.boolean_mask(values, ~tf.math.is_nan(values))
    low, high = tft.min(measured), tft.max(measured)
    constant = tf.equal(low, high)
    if method == "min_max":
        offset, scale = low, high - low
    else:
        offset, scale = tf.where(constant, low, tft.mean(measured)), tf.sqrt(tft.var(measured))
    scaled = (values - offset) / tf.where(constant | tf.equal(scale, 0.0), tf.ones_like(scale), scale)
    return tf.cast(scaled, tf.float32)
