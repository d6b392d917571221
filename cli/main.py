"""The command line: `tapeline run | gate | report | forecast | serve | ...`; `tapeline --help` lists them.

Nothing beyond the standard library is imported before a command needs it, so
that `tapeline --help` answers at once.
"""

import argparse
import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from tapeline.cli.exit_codes import EXIT_BAD_INPUT, EXIT_FAILED
from tapeline.cli.leaving import leave
from tapeline.cli.signals import exit_code, interrupting, interruption


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: What follows `tapeline`; None takes the process's own.

    Returns:
        The exit code, one of `exit_codes`.
    """
    parsed = _parser().parse_args(arguments)
    _prepare_environment(parsed.command)
    try:
        with interrupting():
            command = importlib.import_module(f"tapeline.cli.{parsed.command.replace('-', '_')}")
            return int(command.run(parsed))
    except (Exception, KeyboardInterrupt) as error:
        return _stopped(parsed.command, error)


def _stopped(command: str, error: BaseException) -> int:
    """Says what stopped a command; returns the exit code."""
    from tapeline.schemas.errors import ClusterError, UserError, surroundings_error

    interrupted = interruption(error)
    if interrupted is not None:
        # Nobody may be left to read it: SIGHUP says that the terminal is gone.
        with contextlib.suppress(OSError):
            print(f"tapeline {command}: interrupted. Run the same command to continue.", file=sys.stderr)
        return exit_code(interrupted)
    refusal = error if isinstance(error, UserError) else surroundings_error(error)
    if refusal is not None:
        print(f"tapeline {command}: {refusal}", file=sys.stderr)
        return EXIT_BAD_INPUT
    if isinstance(error, ClusterError):
        print(f"tapeline {command}: {error}", file=sys.stderr)
        return EXIT_FAILED
    # Python's own exit code for this is 1, which here means that a gate refused the model.
    traceback.print_exception(error)
    print(f"tapeline {command}: this is a fault of Tapeline, not of your data.", file=sys.stderr)
    return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tapeline",
        description="Turns a file of time series into a validated forecaster that can be served.",
        epilog="exit codes: 0 done, 1 a gate refused the model, 2 bad configuration, data, arguments or surroundings, "
        "3 a fault",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    init = commands.add_parser("init", help="look at data and write a first configuration")
    _option(init, "files", "FILE", "CSV or Parquet; several belong together", nargs="+")
    _option(init, "--target", "COLUMN", "what to forecast; may be repeated", action="append", default=[])
    _option(init, "--series", "COLUMN", "names the series; may be repeated", action="append", default=[])
    known = "is known for times to come; may be repeated"
    _option(init, "--known-ahead", "COLUMN", known, action="append", default=[])
    _option(init, "--time", "COLUMN", "holds the times")
    _option(init, "--horizon", "N", "steps to forecast", type=int)
    _option(init, "--output", "PATH", "where to write it (default: <name of the file>.yaml)")
    _switch(init, "--force", "replace a file that is there already")

    run = commands.add_parser("run", help="run the pipeline and print the verdict")
    _add_config(run, drafted=True)
    _option(run, "--from", "NODE", "first component to run (Trainer, Evaluator, ...)", dest="from_node")
    _option(run, "--to", "NODE", "last component to run", dest="to_node")
    _add_verbose(run)

    check = commands.add_parser("check", help="look at the cluster that a runner file names")
    _option(check, "--runner", "PATH", _RUNNER, required=True)

    gate = commands.add_parser("gate", help="print the verdict of a run, and write it down for machines")
    _add_run(gate)
    _option(gate, "--output", "DIR", "where files go (default: report/<run id>/ in the run's folder)")
    _switch(gate, "--json", "print verdict.json in place of the table")
    _add_verbose(gate)
    _add_metadata(gate)

    report = commands.add_parser("report", help="say where the report of a run is, or show it")
    _add_run(report)
    _switch(report, "--open", "show it in the browser")

    backtest = commands.add_parser("backtest", help="train and judge anew at several points in time")
    _add_config(backtest)
    _option(backtest, "--folds", "N", "how many (default: %(default)s)", type=int, default=5)
    window = "whether train always begins with the first row, or keeps its length (default: %(default)s)"
    _option(backtest, "--window", None, window, choices=("expanding", "sliding"), default="expanding")
    length = "steps that each fold is tested on (default: the folds share the test split)"
    _option(backtest, "--fold-length", "STEPS", length, type=int)
    _option(backtest, "--output", "DIR", "where results go (default: in the run's folder)")
    _switch(backtest, "--json", "print backtest.json in place of the table")

    forecast = commands.add_parser("forecast", help="forecast recent rows with a pushed model")
    _add_model(forecast)
    _option(forecast, "--horizon", "N", "steps ahead (default: as trained, or as known columns reach)", type=int)
    _option(forecast, "--output", "PATH", "a .csv or .parquet (default: CSV on standard output)")
    _option(forecast, "--plot", "PATH", "a .png that shows context, forecast and intervals")

    batch = commands.add_parser("batch", help="forecast a large file with Beam, by TFX's BulkInferrer")
    _add_model(batch)
    _option(batch, "--output", "DIR", "folder of the Parquet files; replaced if it is there", required=True)
    _option(batch, "--runner", "PATH", _RUNNER)

    serve = commands.add_parser("serve", help="answer over HTTP as TensorFlow Serving does")
    _option(serve, "--model", "DIR", "folder of versions, such as runs/co2/serving_model", required=True)
    _option(serve, "--name", "NAME", "of the model in all addresses (default: that of the run)")
    _option(serve, "--host", "HOST", "where to listen (default: %(default)s)", default="127.0.0.1")
    _option(serve, "--port", "PORT", "0: a free one (default: %(default)s)", type=int, default=8501)
    _option(serve, "--max-body-mib", "MIB", "longest request (default: %(default)g)", type=float, default=16.0)
    late = "give up a request that has not come whole by then (default: %(default)g)"
    _option(serve, "--request-timeout", "SECONDS", late, type=float, default=30.0)
    _option(serve, "--api-key-file", "PATH", "file with the key that clients must send (default: none is asked for)")
    _option(serve, "--tls-cert", "PATH", "PEM file with the certificate and those it rests on: answer over HTTPS")
    _option(serve, "--tls-key", "PATH", "PEM file with the certificate's private key")
    _switch(serve, "--verbose", "log each request as a line in JSON")

    compiled = commands.add_parser("compile", help="write the pipeline as a file for Kubeflow")
    _add_config(compiled, json_too=True)
    who = "who runs it; ir: `tapeline run-node`"
    _option(compiled, "--target", None, who, choices=("kubeflow", "ir"), required=True)
    _option(compiled, "--output", "PATH", "where to write it (ir: in the run's folder)")
    _option(compiled, "--run-id", "RUN_ID", "ir: the run that it belongs to")

    node = commands.add_parser("run-node", help="run one component of a compiled pipeline, in this process")
    _option(node, "--ir", "PATH", "from `tapeline compile --target ir`", required=True)
    _option(node, "--node", "NODE", "which component (Trainer, Evaluator, ...)", required=True)
    _option(node, "--run-id", "RUN_ID", "the same for all components of a run", required=True)
    _add_metadata(node)
    copied = "copy a file of an output, such as report/report.html; may be repeated"
    _option(node, "--export", ("OUTPUT/FILE", "PATH"), copied, action="append", default=[], nargs=2)

    export = commands.add_parser("export", help="convert a pushed model for phones, browsers and other runtimes")
    _option(export, "--model", "DIR", _MODEL, required=True)
    _option(export, "--format", None, "of which platform", choices=("tflite", "onnx", "tfjs"), required=True)
    _option(export, "--output", "PATH", "file to write; a folder for tfjs", required=True)
    converter = "tfjs: the program tensorflowjs_converter (default: the one on PATH)"
    _option(export, "--converter", "PATH", converter)

    schema = commands.add_parser("schema", help="infer a TFDV schema from the data, to be curated")
    _add_config(schema)
    _option(schema, "--output", "PATH", "where to write it (default: schemas/<name>/schema.pbtxt)")
    _switch(schema, "--force", "overwrite a schema that is there already")
    return parser


_RUNNER = "YAML file with the section beam, such as configs/runners/flink.yaml"
_MODEL = "a version, a folder of versions, or the folder of runs"
_HOME = "folder of all runs (default: the environment's TAPELINE_HOME, else ./runs)"


def _option(to: Any, name: str, metavar: str | tuple[str, str] | None, help_text: str, **more: Any) -> None:
    to.add_argument(name, metavar=metavar, help=help_text, **more)


def _switch(parser: argparse.ArgumentParser, name: str, help_text: str) -> None:
    parser.add_argument(name, action="store_true", help=help_text)


def _add_verbose(parser: argparse.ArgumentParser) -> None:
    every = "list every requirement, not only those that failed or were nearly missed"
    parser.add_argument("-v", "--verbose", action="store_true", help=every)


def _add_config(parser: argparse.ArgumentParser, *, json_too: bool = False, drafted: bool = False) -> None:
    given = parser.add_mutually_exclusive_group(required=not drafted)
    without = " (default: what `tapeline init` makes of --data)" if drafted else ""
    _option(given, "--config", "PATH", f"YAML file, such as configs/co2.yaml{without}")
    if json_too:
        _option(given, "--config-json", "JSON", "the configuration itself")
    _option(parser, "--data", "PATH", "file, glob, folder or spans of CSV or Parquet, in place of data.source")
    _option(parser, "--home", "DIR", _HOME)
    _option(parser, "--runner", "PATH", _RUNNER)
    replaced = "replace a value of the configuration, such as training.seed=2; may be repeated"
    _option(parser, "--set", "KEY=VALUE", replaced, dest="overrides", action="append", default=[])


def _add_model(parser: argparse.ArgumentParser) -> None:
    _option(parser, "--model", "DIR", _MODEL, required=True)
    _option(parser, "--input", "PATH", "file, glob or folder with the columns of the training data", required=True)


def _add_run(parser: argparse.ArgumentParser) -> None:
    named = parser.add_mutually_exclusive_group()
    _option(named, "--config", "PATH", "YAML file of the configuration")
    _option(named, "--name", "NAME", "its name (default: the only one in the folder of all runs)")
    _option(parser, "--home", "DIR", _HOME)
    _option(parser, "--run", "RUN_ID", "which run (default: the newest)")


def _add_metadata(parser: argparse.ArgumentParser) -> None:
    stores = "a SQLite file, mysql://user@host:3306/database or grpc://host:8080 (default: the run's own)"
    _option(parser, "--metadata", "ADDRESS", f"ML Metadata: {stores}")


def _prepare_environment(command: str) -> None:
    """Settles what TensorFlow reads when it is first imported, here or in a child process."""
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # TensorFlow warns at length of each input that the graph refuses: a server's clients are told, not its log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if command == "serve" else "1")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def entry() -> NoReturn:
    """Runs a command and ends the process: what the shell starts."""
    leave(main())


if __name__ == "__main__":
    entry()
