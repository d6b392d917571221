"""`tapeline export`: a pushed model for TensorFlow Lite, ONNX Runtime or TensorFlow.js."""

import argparse
import pathlib

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError


def run(arguments: argparse.Namespace) -> int:
    """Converts a version; returns the exit code."""
    from tapeline.forecaster.pushed_model import find_model

    folder = find_model(arguments.model)
    output = pathlib.Path(arguments.output)
    if arguments.format != "tfjs" and output.is_dir():
        raise ConfigError(f"--output: {str(output)!r} is a folder, must be a file such as model.{arguments.format}.")
    if arguments.format == "tfjs" and output.exists() and not (output / "model.json").is_file():
        raise ConfigError(f"--output: {str(output)!r} is there and no TensorFlow.js model; give a new folder.")
    with hushed():
        # TensorFlow takes seconds to import.
        from tapeline.clients.platforms import converters

        model = converters.read_portable(folder)
        if arguments.format == "tflite":
            converters.write_tflite(model, output)
        elif arguments.format == "onnx":
            converters.write_onnx(model, output)
        else:
            converters.write_tfjs(model, output, converter=arguments.converter)
    guide = output / "guide.json" if arguments.format == "tfjs" else output.with_name(f"{output.name}.json")
    print(f"  model  {shown(output)}\n  guide  {shown(guide)}")
    return EXIT_DONE
