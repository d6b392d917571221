"""What `tapeline export` does: a pushed model for TensorFlow Lite, ONNX Runtime or TensorFlow.js."""

import argparse
import pathlib
import tempfile

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.pipeline.console import quiet
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError


def run(arguments: argparse.Namespace) -> int:
    """Converts a version.

    Raises:
        ConfigError: There is no such model, or the converter is not installed.
        DataError: The model cannot be converted; the message says why.
    """
    from tapeline.forecaster.pushed_model import find_model

    folder = find_model(arguments.model)
    output = pathlib.Path(arguments.output)
    if arguments.format != "tfjs" and output.is_dir():
        raise ConfigError(f"--output: {str(output)!r} is a folder, must be a file such as model.{arguments.format}.")
    if arguments.format == "tfjs" and output.exists() and not (output / "model.json").is_file():
        raise ConfigError(f"--output: {str(output)!r} is there and no TensorFlow.js model; give a new folder.")
    with tempfile.TemporaryDirectory() as scratch, quiet(pathlib.Path(scratch) / "log.txt"):
        _convert(folder, output, arguments)
    guide = output / "guide.json" if arguments.format == "tfjs" else output.with_name(f"{output.name}.json")
    print(f"  model  {shown(output)}\n  guide  {shown(guide)}")
    return EXIT_DONE


def _convert(folder: pathlib.Path, output: pathlib.Path, arguments: argparse.Namespace) -> None:
    # TensorFlow takes seconds to import, and its converters say much that helps nobody who calls them.
    from tapeline.clients.platforms.converters import read_portable, write_onnx, write_tfjs, write_tflite

    model = read_portable(folder)
    if arguments.format == "tflite":
        write_tflite(model, output)
    elif arguments.format == "onnx":
        write_onnx(model, output)
    else:
        write_tfjs(model, output, converter=arguments.converter)
