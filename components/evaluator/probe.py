"""Whether a model that is scored reads the answers: it forecasts twice, the second time with other answers.

Test windows carry the horizon's targets, because TFMA compares with them. The
`evaluate` signature is given the whole windows; a model that parses the
targets can feed them to its decoder, and would look better than anything that
is ever served. No inspection of a graph finds this as surely as changing the
targets and looking at the forecasts.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tapeline.components.evaluator.audit import forecast_change
from tapeline.forecaster.saved_models import load_once
from tapeline.schemas import features as names
from tapeline.schemas.served_model import EVALUATE

PROBED_WINDOWS = 64
"""Windows that are forecast twice."""


def target_influence(model_dir: str, windows: Sequence[bytes]) -> float:
    """Returns the largest change of any output when nothing but the targets changes, in scaled units.

    Returns:
        0 for a model that does not see the targets; infinite where an output becomes, or is no longer, finite.
    """
    model = load_once(model_dir)  # Kept: a signature refers to its model weakly.
    evaluate = model.signatures[EVALUATE]
    ((argument, _),) = evaluate.structured_input_signature[1].items()
    before = evaluate(**{argument: tf.constant(list(windows))})
    after = evaluate(**{argument: tf.constant(with_other_targets(windows))})
    return max(forecast_change(before[name].numpy(), after[name].numpy()) for name in before)


def with_other_targets(windows: Sequence[bytes]) -> list[bytes]:
    """Returns windows whose targets are noise, and all observed; whatever else they hold stays as it was."""
    noise = np.random.default_rng(0)
    altered = []
    for serialized in windows:
        example = tf.train.Example.FromString(serialized)
        values = example.features.feature[names.TARGET].float_list.value
        values[:] = noise.normal(size=len(values))
        altered.append(example.SerializeToString())
    return altered


def first_windows(files: Sequence[str], count: int = PROBED_WINDOWS) -> list[bytes]:
    """Returns the first windows in files."""
    return list(tf.data.TFRecordDataset(list(files), compression_type="GZIP").take(count).as_numpy_iterator())
