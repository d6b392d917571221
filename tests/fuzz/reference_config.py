"""Compares a configuration with the text that it was read from, scalar by scalar.

A number in a file must be what a person reads there: `030` is no 24, `.inf` is no limit, `true` is no 1.
A file that says one thing twice, or that only a loader can follow, must not be accepted at all.
"""

import base64
import decimal
import math
import re
from typing import Any

import yaml

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_DECIMAL = re.compile(r"[+-]?(0|[1-9][0-9]*|(0|[1-9][0-9]*)?\.[0-9]*)([eE][+-]?[0-9]+)?")
_RADIX = re.compile(r"[+-]?0[xb][0-9a-fA-F_]+")
_MOST_NODES = 10_000
SEEDS = 2**32
"""Seeds are taken modulo this: a larger one is another one in disguise."""
SIZES = 2**31
"""TensorFlow counts the elements of a dimension so far."""


def text_disagreements(config: Any, content: bytes) -> list[str]:
    """What a configuration has otherwise than its file."""
    try:
        node = yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        return [f"read without a word, but it is not YAML: {error}"[:200]]
    assert node is not None
    return _disagreements(config, node, "", [0]) + _limits(config)


def set_disagreements(config: Any, items: list[str]) -> list[str]:
    """What a configuration has otherwise than the `--set` texts say; the last of a key counts."""
    found = []
    for key, text in dict(item.split("=", 1) for item in items if not item.startswith("push={")).items():
        value = config
        for part in key.split("."):
            value = getattr(value, part, None)
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            return [f"read without a word, but it is not YAML: {error}"[:200]]
        if node is not None:
            found += _disagreements(value, node, key, [0])
    return found + _limits(config)


def _limits(config: Any) -> list[str]:
    training, window = config.training, config.window
    found = (
        []
        if 0 <= training.seed < SEEDS
        else [f"training.seed: another seed gives the same run as {str(training.seed)[:40]}"]
    )
    sizes = {
        "training.batch_size": training.batch_size,
        "training.epochs": training.epochs,
        "window.context_length": window.context_length,
        "window.horizon": window.horizon,
        "model.units": config.model.units,
    }
    return found + [f"{key}: no machine takes {str(size)[:40]}" for key, size in sizes.items() if size >= SIZES]


def _disagreements(value: Any, node: yaml.Node, path: str, count: list[int]) -> list[str]:
    count[0] += 1
    if count[0] > _MOST_NODES:
        return [] if count[0] > _MOST_NODES + 1 else [f"{path}: more than {_MOST_NODES:,} values"]
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        twice = {str(key) for key in keys if keys.count(key) > 1}
        found = [f"{path}: {key} stands there twice" for key in sorted(twice)]
        for key, child in node.value:
            if key.value != "<<":
                found += _disagreements(getattr(value, str(key.value), None), child, f"{path}.{key.value}", count)
        return found
    if isinstance(node, yaml.SequenceNode):
        if not isinstance(value, tuple) or len(value) != len(node.value):
            return [f"{path}: a list became {value!r}"[:200]]
        found = [f"{path}: one value stands there twice"] if len(set(value)) < len(value) else []
        for item, child in zip(value, node.value, strict=True):
            found += _disagreements(item, child, path, count)
        return found
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    assert isinstance(node, yaml.ScalarNode)
    return [] if _means(node, value) else [f"{path}: {node.value[:60]!r} became {value!r}"[:200]]


def _means(node: yaml.ScalarNode, value: Any) -> bool:
    if value is None:
        return bool(node.tag.endswith(":null"))
    if isinstance(value, bool):
        return _TRUTH.get(node.value.lower()) is value
    if isinstance(value, (int, float)):
        if isinstance(value, int) and _RADIX.fullmatch(node.value):
            return int(node.value.replace("_", ""), 0) == value
        text = node.value.replace("_", "")
        if not _DECIMAL.fullmatch(text) or value in (math.inf, -math.inf):
            return False
        return bool(type(value)(decimal.Decimal(text)) == value)
    if node.tag.endswith(":binary"):
        return base64.b64decode(node.value).decode() == str(value)
    return bool(node.value == value)
