"""Writes the portable function of a pushed model in the format of another platform.

What stands at the path is replaced when the new one is whole. Beside it lies
the guide for clients: `co2.tflite.json`, or `guide.json` in the folder.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from tapeline.forecaster.pushed_model import read_card
from tapeline.forecaster.serving.portable import GUIDE, PORTABLE
from tapeline.schemas.errors import ConfigError, DataError
from tapeline.schemas.served_model import SERVE
from tapeline.schemas.whole_files import replacing, write_whole

OPSET = 17
"""Of ONNX: what all ONNX Runtimes since 1.13 read."""

_SHOWN = 600


@dataclasses.dataclass(frozen=True)
class PortableModel:
    """A function of plain numbers and its guide.

    Attributes:
        folder: The SavedModel that holds the function alone.
        guide: What a client must know, for JSON.
    """

    folder: pathlib.Path
    guide: Mapping[str, Any]

    def function(self) -> Any:
        """Loads the function; it takes the guide's inputs by name and returns its outputs."""
        return tf.saved_model.load(str(self.folder)).signatures[SERVE]


def read_portable(folder: str | os.PathLike[str]) -> PortableModel:
    """Finds the portable function of a pushed version.

    Args:
        folder: The SavedModel that is served.

    Raises:
        DataError: The model has parts that cannot leave TensorFlow, or was pushed without such a function.
        ConfigError: It has no card.
    """
    pushed = pathlib.Path(folder)
    columns = read_card(pushed).features.columns
    if columns:
        raise DataError(
            f"--model: reads the columns {', '.join(columns)}, which it scales by the graph of TensorFlow Transform. "
            "That graph cannot be converted; serve this model with `tapeline serve` or TensorFlow Serving."
        )
    portable = pushed / PORTABLE
    try:
        guide = json.loads((portable / GUIDE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(
            f"--model: {str(pushed)!r} has no {PORTABLE}; push the model again with this version of Tapeline."
        ) from error
    return PortableModel(portable, {"version": pushed.resolve().name, **guide})


def write_tflite(model: PortableModel, path: pathlib.Path) -> None:
    """Writes a TensorFlow Lite model; its only signature is `serving_default`.

    It has built-in operations alone, unless the model computes in float64, as rolling statistics do: the built-in ones
    are for float32, and the guide then says that the runtime must bring TensorFlow's own (`select_tf_ops`).

    Args:
        model: From `read_portable`.
        path: File to write.

    Raises:
        DataError: The model has an operation that TensorFlow Lite lacks.
    """
    builtin, tensorflows = tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS
    for operations in ([builtin], [builtin, tensorflows]):
        converter = tf.lite.TFLiteConverter.from_saved_model(str(model.folder))
        converter.target_spec.supported_ops = operations
        try:
            content = bytes(converter.convert())
            break
        except Exception as error:
            # The converter raises exceptions of its own kind, out of a private module.
            if tensorflows in operations:
                raise _unconvertible("TensorFlow Lite", str(error)) from error
    write_whole(path, content)
    guide = {**model.guide, "select_tf_ops": tensorflows in operations}
    _write_guide(guide, path.with_name(f"{path.name}.json"))


def write_onnx(model: PortableModel, path: pathlib.Path) -> None:
    """Writes an ONNX model.

    Args:
        model: From `read_portable`.
        path: File to write.

    Raises:
        ConfigError: The converter is not installed.
        DataError: The model has an operation that ONNX lacks.
    """
    try:
        import tf2onnx
    except ImportError as error:
        raise ConfigError(
            "--format: onnx needs tf2onnx, which is not installed. Install Tapeline with the extra: "
            "pip install 'tapeline[onnx]'."
        ) from error

    function = model.function()
    specs = function.structured_input_signature[1]

    @tf.function(autograph=False)
    def in_order(*inputs: tf.Tensor) -> Any:
        return function(**dict(zip(specs, inputs, strict=True)))

    try:
        proto, _ = tf2onnx.convert.from_function(in_order, [*specs.values()], opset=OPSET)
    except Exception as error:
        raise _unconvertible("ONNX", str(error)) from error
    write_whole(path, proto.SerializeToString())
    _write_guide(model.guide, path.with_name(f"{path.name}.json"))


def write_tfjs(model: PortableModel, path: pathlib.Path, *, converter: str | None) -> None:
    """Writes a TensorFlow.js graph model, with a converter that lives in an environment of its own.

    Args:
        model: From `read_portable`.
        path: Folder to write.
        converter: The program `tensorflowjs_converter`; None looks for it on PATH.

    Raises:
        ConfigError: There is no such program.
        DataError: It fails.
    """
    program = shutil.which(converter or "tensorflowjs_converter")
    if program is None:
        raise ConfigError(
            f"--converter: {converter or 'tensorflowjs_converter'!r} is no program. TensorFlow.js' converter needs an "
            "environment of its own, since it and TFX want other versions of the same packages: python3 -m venv .tfjs "
            "&& .tfjs/bin/pip install tensorflowjs==4.22.0 'ydf<0.12' 'setuptools<81', then --converter "
            ".tfjs/bin/tensorflowjs_converter."
        )
    with replacing(path) as incoming:
        options = ["--input_format=tf_saved_model", f"--signature_name={SERVE}"]
        command = [program, *options, str(model.folder), str(incoming)]
        # This process has settled which Keras it takes; the converter's environment has another.
        environment = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
        ended = subprocess.run(command, capture_output=True, text=True, env=environment)
        if ended.returncode or not (incoming / "model.json").is_file():
            raise _unconvertible("TensorFlow.js", ended.stderr)
        _name_outputs(incoming / "model.json", model.guide["outputs"])
        _write_guide(model.guide, incoming / GUIDE)


def _name_outputs(path: pathlib.Path, outputs: Iterable[str]) -> None:
    """Has `predictAsync` return an object; the converter keeps the outputs' names for some graphs only."""
    tree = json.loads(path.read_text(encoding="utf-8"))
    # A SavedModel numbers the outputs of a signature by their names' order: Identity, Identity_1, ...
    tensors = {f"Identity_{number}:0" if number else "Identity:0": name for number, name in enumerate(sorted(outputs))}
    keys = [tensors.get(output, output) for output in tree["signature"]["outputs"]]
    tree["userDefinedMetadata"] = {**tree.get("userDefinedMetadata", {}), "structuredOutputKeys": keys}
    path.write_text(json.dumps(tree), encoding="utf-8")


def _unconvertible(platform: str, reason: str) -> DataError:
    line = " ".join(reason.split())
    return DataError(f"--format: this model cannot be converted to {platform}: {line[-_SHOWN:]}")


def _write_guide(guide: Mapping[str, Any], path: pathlib.Path) -> None:
    write_whole(path, json.dumps(guide, indent=2) + "\n")
