"""The categories that Transform found in train, one file a column in its graph.

>>> vocabulary_file(FeaturesConfig(past_covariates=("sky", "wind"), categorical=("wind", "sky")), "sky")
'categories_1'

Line `n` of a file, counted from 1, is the category with the number `n`; what is
in no line has the number `UNSEEN`.
"""

import os

import tensorflow as tf

from tapeline.schemas.features_config import FeaturesConfig

_NONE = b"49d0cd50-04bb-48c0-bc6f-5b575dce351a"
"""What TensorFlow Transform writes into a file of no words."""


def vocabulary_file(features: FeaturesConfig, column: str) -> str:
    """Returns the name of the file of a categorical column; columns may have names that no file can have."""
    return f"categories_{features.categorical.index(column)}"


def read_categories(transform_graph_uri: str, features: FeaturesConfig) -> dict[str, list[bytes]]:
    """Returns the categories of each categorical column, in the order of their numbers.

    Args:
        transform_graph_uri: Folder of the TransformGraph artifact.
        features: The columns.
    """
    found = {}
    for column in features.categorical:
        path = os.path.join(transform_graph_uri, "transform_fn", "assets", vocabulary_file(features, column))
        with tf.io.gfile.GFile(path, "rb") as file:
            lines = [line for line in file.read().split(b"\n") if line]
        found[column] = [] if lines == [_NONE] else lines
    return found


def category_sizes(categories: dict[str, list[bytes]]) -> dict[str, int]:
    """Returns how many numbers each column has, that of unseen values included."""
    return {column: 1 + len(values) for column, values in categories.items()}
