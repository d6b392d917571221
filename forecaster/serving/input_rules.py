"""What each input of a request must hold: how many rows and steps, and which numbers.

>>> rule = number_rule(names.CONTEXT, tf.constant([[1.0, float("inf")]], tf.float64))
>>> bool(rule.holds), rule.message
(False, 'context: must be finite numbers, or NaN where a value is missing; first offending row:')
"""

from collections.abc import Container, Mapping

import tensorflow as tf

from tapeline.forecaster.serving.request_rules import Rule, first_offender
from tapeline.schemas import features as names
from tapeline.schemas.served_model import TIMESTAMPS
from tapeline.schemas.window_spec import WindowShape

LONGEST_HORIZON = 100
"""Longest forecast, in trained horizons: what is asked beyond that is a mistake, not a wish."""

AHEAD = (names.FUTURE_COVARIATES, names.FUTURE_CATEGORIES)
"""Inputs that reach beyond the context."""

UP_TO_NOW = (names.CONTEXT, TIMESTAMPS, names.PAST_COVARIATES, names.PAST_CATEGORIES)
"""Inputs that are as long as the context."""

ALONG_TIME = (*UP_TO_NOW, *AHEAD)
"""Inputs with a value at each step."""


def known_ahead(inputs: Container[str]) -> list[str]:
    """Returns those of some inputs that reach beyond the context."""
    return [name for name in AHEAD if name in inputs]


def size_rules(inputs: Mapping[str, tf.Tensor], horizon: tf.Tensor | int, *, shape: WindowShape) -> list[Rule]:
    """Returns the rules on how many rows and steps each input has.

    Args:
        inputs: Tensors by input, without `horizon`.
        horizon: Steps to forecast; a tensor where the request says how many.
        shape: Widths of a window.
    """
    batch, length = tf.unstack(tf.shape(inputs[names.CONTEXT]))
    reaching = known_ahead(inputs)
    rules = [
        Rule(
            length >= shape.least_context,
            f"context: too short; the model reads the last {shape.context_length} steps and needs at least "
            f"{shape.least_context} of them (longer is cut to the newest); steps given:",
            lambda: [length],
        )
    ]
    if not isinstance(horizon, int):
        most = LONGEST_HORIZON * shape.horizon
        if reaching:
            rule = f"{reaching[0]}: the steps after those of context are what is forecast; they must be"
        else:
            rule = "horizon: must be"
        rules.append(
            Rule(
                (horizon >= 1) & (horizon <= most),
                f"{rule} from 1 to {most}, {LONGEST_HORIZON} times the trained horizon; steps asked for:",
                lambda: [horizon],
            )
        )
    ahead = {TIMESTAMPS: 0, names.PAST_COVARIATES: 0, names.PAST_CATEGORIES: 0, **dict.fromkeys(AHEAD, horizon)}
    for name, values in inputs.items():
        rules.append(_shape_rule(name, values, batch, length, ahead.get(name)))
    known = [tf.shape(inputs[name])[1] for name in reaching]
    if len(known) > 1:
        rules.append(
            Rule(
                tf.equal(known[0], known[1]),
                f"{' and '.join(AHEAD)}: must have as many steps as each other; steps given:",
                lambda: known,
            )
        )
    return rules


def _shape_rule(
    name: str, values: tf.Tensor, batch: tf.Tensor, length: tf.Tensor, ahead: tf.Tensor | int | None
) -> Rule:
    """As many rows as the context; where `ahead` is a number, also as many steps and that many more."""
    if ahead is None:
        rule, expected = "one row for each row of context", [batch]
    elif isinstance(ahead, int):
        rule = "as many rows and steps as context" + (f", and {ahead} steps ahead" if ahead else "")
        expected = [batch, length + ahead]
    else:
        rule, expected = "as many rows as context", [batch]
    given = tf.shape(values)[: len(expected)]
    return Rule(tf.reduce_all(tf.equal(given, expected)), f"{name}: must have {rule}; shape given:", lambda: [given])


def number_rule(name: str, values: tf.Tensor) -> Rule:
    """Returns the rule that an input's numbers are finite; NaN may stand where a value can be missing.

    Args:
        name: The input.
        values: What was given, `[B, ...]`.
    """
    # Scaled, values are float32: what is too large for it has no place there either.
    values = tf.cast(values, tf.float32)
    if name == names.STATIC_COVARIATES:
        bad, rule = ~tf.math.is_finite(values), "must be finite numbers"
    else:
        bad, rule = tf.math.is_inf(values), "must be finite numbers, or NaN where a value is missing"
    return Rule(~tf.reduce_any(bad), f"{name}: {rule}; first offending row:", lambda: [first_offender(~bad)])
