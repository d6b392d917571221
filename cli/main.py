"""The command line: `tapeline run | gate | report | forecast | serve | ...`; `tapeline --help` lists them.

Nothing beyond the standard library is imported before a command needs it, so
that `tapeline --help` answers at once.
"""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence

from tapeline.cli.exit_codes import EXIT_BAD_INPUT, EXIT_FAILED, EXIT_INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: What follows `tapeline`; None takes the process's own.

    Returns:
        The exit code.
    """
    parsed = _parser().parse_args(arguments)
    _prepare_environment()
    from tapeline.schemas.errors import UserError

    try:
        command = importlib.import_module(f"tapeline.cli.{parsed.command.replace('-', '_')}")
        return int(command.run(parsed))
    except UserError as error:
        print(f"tapeline {parsed.command}: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print(f"tapeline {parsed.command}: interrupted. The same command carries on.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception:
        # Python's own exit code for this is 1, which here means that the gate refused a model.
        traceback.print_exc()
        print(f"tapeline {parsed.command}: this is a fault of Tapeline, not of your data.", file=sys.stderr)
        return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tapeline",
        description="Turns a file of time series into a validated, gated, servable forecaster.",
        epilog="exit codes: 0 done, 1 the gate refused the model, 2 bad configuration, data or arguments, 3 a fault",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run the pipeline and print the verdict")
    _add_config(run)
    run.add_argument(
        "--from", dest="from_node", metavar="NODE", help="first component to run (Trainer, Evaluator, ...)"
    )
    run.add_argument("--to", dest="to_node", metavar="NODE", help="last component to run")

    gate = commands.add_parser("gate", help="print the verdict of a run, and write it down for machines")
    _add_run(gate)
    gate.add_argument("--output", metavar="DIR", help="where files go (default: report/<run id>/ in the run's folder)")
    gate.add_argument("--json", action="store_true", help="print verdict.json in place of the table")
    _add_metadata(gate)

    report = commands.add_parser("report", help="say where the report of a run is, or show it")
    _add_run(report)
    report.add_argument("--open", action="store_true", help="show it in the browser")

    backtest = commands.add_parser("backtest", help="train and judge anew at several points in time")
    _add_config(backtest)
    backtest.add_argument("--folds", type=int, default=5, metavar="N", help="how many (default: %(default)s)")
    backtest.add_argument(
        "--window",
        choices=("expanding", "sliding"),
        default="expanding",
        help="whether train always begins with the first row, or keeps its length (default: %(default)s)",
    )
    backtest.add_argument(
        "--fold-length",
        type=int,
        metavar="STEPS",
        help="steps that each fold is tested on (default: the folds share the test split)",
    )
    backtest.add_argument("--output", metavar="DIR", help="where results go (default: in the run's folder)")
    backtest.add_argument("--json", action="store_true", help="print backtest.json in place of the table")

    forecast = commands.add_parser("forecast", help="forecast recent rows with a pushed model")
    _add_model(forecast)
    forecast.add_argument(
        "--horizon", type=int, metavar="N", help="steps ahead (default: as trained, or as known columns reach)"
    )
    forecast.add_argument("--output", metavar="PATH", help="a .csv or .parquet (default: CSV on standard output)")
    forecast.add_argument("--plot", metavar="PATH", help="a .png that shows context, forecast and intervals")

    batch = commands.add_parser("batch", help="forecast a large file with Beam, by TFX's BulkInferrer")
    _add_model(batch)
    batch.add_argument(
        "--output", required=True, metavar="DIR", help="folder of the Parquet files; replaced if it is there"
    )
    _add_runner(batch)

    serve = commands.add_parser("serve", help="answer over HTTP as TensorFlow Serving does")
    serve.add_argument(
        "--model", required=True, metavar="DIR", help="folder of versions, such as runs/co2/serving_model"
    )
    serve.add_argument("--name", metavar="NAME", help="of the model in all addresses (default: that of the run)")
    serve.add_argument("--host", default="127.0.0.1", metavar="HOST", help="where to listen (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8501, metavar="PORT", help="0: a free one (default: %(default)s)")
    serve.add_argument(
        "--max-body-mib", type=float, default=64.0, metavar="MIB", help="longest request (default: %(default)g)"
    )
    serve.add_argument("--verbose", action="store_true", help="log each request")

    compiled = commands.add_parser("compile", help="write the pipeline as a file for Kubeflow")
    _add_config(compiled, json_too=True)
    compiled.add_argument(
        "--target", choices=("kubeflow", "ir"), required=True, help="who runs it; ir: `tapeline run-node`"
    )
    compiled.add_argument("--output", metavar="PATH", help="where to write it (ir: in the run's folder)")
    compiled.add_argument("--run-id", metavar="RUN_ID", help="ir: the run that it belongs to")

    node = commands.add_parser("run-node", help="run one component of a compiled pipeline, in this process")
    node.add_argument("--ir", required=True, metavar="PATH", help="from `tapeline compile --target ir`")
    node.add_argument("--node", required=True, metavar="NODE", help="which component (Trainer, Evaluator, ...)")
    node.add_argument("--run-id", required=True, metavar="RUN_ID", help="the same for all components of a run")
    _add_metadata(node)
    node.add_argument(
        "--export",
        action="append",
        default=[],
        nargs=2,
        metavar=("OUTPUT/FILE", "PATH"),
        help="copy a file of an output, such as report/report.html; may be repeated",
    )

    export = commands.add_parser("export", help="convert a pushed model for phones, browsers and other runtimes")
    export.add_argument(
        "--model", required=True, metavar="DIR", help="a version, a folder of versions, or the folder of runs"
    )
    export.add_argument("--format", required=True, choices=("tflite", "onnx", "tfjs"), help="of which platform")
    export.add_argument("--output", required=True, metavar="PATH", help="file to write; a folder for tfjs")
    export.add_argument(
        "--converter", metavar="PATH", help="tfjs: the program tensorflowjs_converter (default: the one on PATH)"
    )

    schema = commands.add_parser("schema", help="infer a TFDV schema from the data, to be curated")
    _add_config(schema)
    schema.add_argument("--output", metavar="PATH", help="where to write it (default: schemas/<name>/schema.pbtxt)")
    schema.add_argument("--force", action="store_true", help="overwrite a schema that is there already")
    return parser


def _add_config(parser: argparse.ArgumentParser, *, json_too: bool = False) -> None:
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--config", metavar="PATH", help="YAML file, such as configs/co2.yaml")
    if json_too:
        given.add_argument("--config-json", metavar="JSON", help="the configuration itself")
    parser.add_argument(
        "--data", metavar="PATH", help="file, glob, folder or spans of CSV or Parquet, in place of data.source"
    )
    _add_home(parser)
    _add_runner(parser)
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a value of the configuration, such as training.seed=2; may be repeated",
    )


def _add_runner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runner", metavar="PATH", help="YAML file with the section beam, such as configs/runners/flink.yaml"
    )


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", required=True, metavar="DIR", help="a version, a folder of versions, or the folder of runs"
    )
    parser.add_argument(
        "--input", required=True, metavar="PATH", help="file, glob or folder with the columns of the training data"
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    named = parser.add_mutually_exclusive_group()
    named.add_argument("--config", metavar="PATH", help="YAML file of the configuration")
    named.add_argument("--name", metavar="NAME", help="its name (default: the only one in the folder of all runs)")
    _add_home(parser)
    parser.add_argument("--run", metavar="RUN_ID", help="which run (default: the newest)")


def _add_home(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--home", metavar="DIR", help="folder of all runs (default: the environment's TAPELINE_HOME, else ./runs)"
    )


def _add_metadata(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--metadata",
        metavar="ADDRESS",
        help="ML Metadata: a SQLite file, mysql://user@host:3306/database or grpc://host:8080 (default: the run's own)",
    )


def _prepare_environment() -> None:
    """Settles what TensorFlow reads when it is first imported, here or in a child process."""
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


if __name__ == "__main__":
    sys.exit(main())
