"""`tapeline export`: a pushed model for TensorFlow Lite, ONNX Runtime or TensorFlow.js."""

import pathlib
from typing import Annotated, Literal

import typer

from tapeline.cli.exit_codes import EXIT_DONE
from tapeline.cli.options import Model
from tapeline.pipeline.console import hushed
from tapeline.pipeline.paths import shown
from tapeline.schemas.errors import ConfigError


def run(
    *,
    model: Model,
    kind: Annotated[Literal["tflite", "onnx", "tfjs"], typer.Option("--format", help="of which platform")],
    output: Annotated[str, typer.Option(metavar="PATH", help="file to write; a folder for tfjs")],
    converter: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="tfjs: the program tensorflowjs_converter (default: the one on PATH)"),
    ] = None,
) -> int:
    """Converts a version; returns the exit code."""
    from tapeline.forecaster.pushed_model import find_model

    folder = find_model(model)
    target = pathlib.Path(output)
    if kind != "tfjs" and target.is_dir():
        raise ConfigError(f"--output: {output!r} is a folder, must be a file such as model.{kind}.")
    if kind == "tfjs" and target.exists() and not (target / "model.json").is_file():
        raise ConfigError(f"--output: {output!r} is there and no TensorFlow.js model; give a new folder.")
    with hushed():
        # TensorFlow takes seconds to import.
        from tapeline.clients.platforms import converters

        portable = converters.read_portable(folder)
        if kind == "tflite":
            converters.write_tflite(portable, target)
        elif kind == "onnx":
            converters.write_onnx(portable, target)
        else:
            converters.write_tfjs(portable, target, converter=converter)
    guide = target / "guide.json" if kind == "tfjs" else target.with_name(f"{target.name}.json")
    print(f"  model  {shown(target)}\n  guide  {shown(guide)}")
    return EXIT_DONE
