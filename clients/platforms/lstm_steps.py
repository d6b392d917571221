"""What TensorFlow's fused LSTM kernel computes, in operations that every platform has.

    hidden, cells = lstm_steps(x=x, cell=cell, hidden=hidden, weights=weights, bias=bias)

Weights come in the kernel's order of gates: input, cell, forget, output.
"""

import tensorflow as tf

_LONGEST_UNROLLED = 256
"""Sequences up to this are written out step by step, which runs faster; longer ones run in a loop."""


def lstm_steps(
    *, x: tf.Tensor, cell: tf.Tensor, hidden: tf.Tensor, weights: tf.Tensor, bias: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Runs an LSTM over a sequence.

    Args:
        x: Inputs, time first: `[T, B, F]`, T known.
        cell: `[B, U]` before the first step.
        hidden: `[B, U]` before the first step.
        weights: `[F + U, 4 U]`.
        bias: `[4 U]`.

    Returns:
        Outputs and cells of all steps, `[T, B, U]` each.
    """
    length, width = x.shape[0], x.shape[2]
    if length is None or width is None:
        raise ValueError(f"x: has the shape {x.shape}; the numbers of steps and of features must be known.")
    # The inputs of all steps are known: they are multiplied at once.
    projected = tf.tensordot(x, weights[:width], axes=1) + bias
    recurrent = weights[width:]

    def advance(given: tf.Tensor, cell: tf.Tensor, hidden: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        write, candidate, keep, read = tf.split(given + tf.matmul(hidden, recurrent), 4, axis=1)
        cell = tf.sigmoid(keep) * cell + tf.sigmoid(write) * tf.tanh(candidate)
        return cell, tf.sigmoid(read) * tf.tanh(cell)

    if length <= _LONGEST_UNROLLED:
        outputs, cells = [], []
        for given in tf.unstack(projected):
            cell, hidden = advance(given, cell, hidden)
            outputs.append(hidden)
            cells.append(cell)
        return tf.stack(outputs), tf.stack(cells)
    cells, outputs = tf.scan(lambda before, given: advance(given, *before), projected, (cell, hidden))
    return outputs, cells
