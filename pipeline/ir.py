"""A pipeline as a file: TFX's intermediate representation (IR), which one process writes and others run nodes of.

The file is JSON. It holds everything a node depends on: wiring, execution
properties with the fingerprints of data and code, and where artifacts go.
"""

import pathlib

from google.protobuf import json_format
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.proto.orchestration import pipeline_pb2

from tapeline.schemas.errors import ConfigError
from tapeline.schemas.whole_files import write_whole


def write_ir(pipeline: tfx_pipeline.Pipeline, path: pathlib.Path) -> None:
    """Compiles a pipeline and writes it in one step."""
    compiled = Compiler().compile(pipeline)
    write_whole(path, json_format.MessageToJson(compiled, sort_keys=True))


def read_ir(path: pathlib.Path) -> pipeline_pb2.Pipeline:
    """Reads what `write_ir` wrote.

    Raises:
        ConfigError: It is missing, or no pipeline.
    """
    try:
        return json_format.Parse(path.read_text(encoding="utf-8"), pipeline_pb2.Pipeline())
    except (OSError, UnicodeDecodeError, json_format.ParseError) as error:
        problem = " ".join(str(error).split())
        raise ConfigError(
            f"--ir: {str(path)!r} cannot be read as a pipeline: {problem}. Write one with `tapeline "
            "compile --target ir`."
        ) from error
