"""How results of a Beam pipeline reach the process that started it: as lines of text in files."""

import os
import uuid
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.pipeline import Pipeline


def run_lines(pipeline: Pipeline, name: str, transform: "beam.PTransform[Any, Any]", folder: str) -> Iterator[str]:
    """Runs a pipeline that gives lines of text, and returns them in any order.

    Args:
        pipeline: A new pipeline.
        name: Name of the step.
        transform: From the pipeline's begin to lines.
        folder: Where the lines wait.
    """
    prefix = os.path.join(folder, f"{name}-{uuid.uuid4().hex}")
    with pipeline:
        _ = pipeline | name >> transform | "Collect" >> beam.io.WriteToText(prefix)
    return _lines(tf.io.gfile.glob(prefix + "*"))


def _lines(paths: list[str]) -> Iterator[str]:
    for path in paths:
        with tf.io.gfile.GFile(path, "r") as file:
            for line in file:
                yield line.rstrip("\n")
