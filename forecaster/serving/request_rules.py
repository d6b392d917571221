"""Rules of requests, and refusals that a person understands, inside the graph.

A good request pays for the conditions alone: what shows the offender is computed when there is one.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf


class Rule(NamedTuple):
    """What a request must keep to.

    Attributes:
        holds: A boolean scalar.
        message: What is wrong, the rule and the fix.
        show: Gives what is printed behind the message: tensors and texts that show the offender.
        exact: Tells whether it is this rule that is broken, where `holds` speaks for several at once.
    """

    holds: tf.Tensor
    message: str
    show: Callable[[], Sequence[object]] = tuple
    exact: Callable[[], tf.Tensor] | None = None


def enforce(rules: Sequence[Rule]) -> tf.Operation:
    """Stops the graph with `InvalidArgumentError` and the message of the first rule that is broken.

    Args:
        rules: In the order in which they are checked.

    Returns:
        An operation that has run when all rules hold.
    """

    # A function that is not inlined costs a good request nothing: its many nodes are never looked at.
    @tf.function(autograph=False, experimental_attributes={"_noinline": True})
    def refuse() -> tf.Tensor:
        checked: list[tf.Operation] = []
        for rule in rules:
            with tf.control_dependencies(checked):
                condition = rule.holds if rule.exact is None else rule.exact()
                checked = [tf.debugging.Assert(condition, [rule.message, *rule.show()], summarize=8)]
        with tf.control_dependencies(checked):
            return tf.constant(False)

    good = tf.reduce_all(tf.stack([rule.holds for rule in rules]))
    return tf.cond(good, lambda: tf.constant(True), refuse).op


def first_offender(good: tf.Tensor) -> tf.Tensor:
    """Returns the row of the first False in `[B, ...]`; 0 where there is none."""
    bad_rows = tf.reduce_any(tf.reshape(~good, [tf.shape(good)[0], -1]), axis=1)
    rows = tf.range(tf.shape(good)[0])
    first = tf.reduce_min(tf.where(bad_rows, rows, tf.int32.max))
    return tf.where(tf.reduce_any(bad_rows), first, 0)
