"""Options that several commands take, each declared once.

A command's function names them as the types of its parameters:

    def run(*, config: ConfigPath, home: Home = None) -> int: ...
"""

from typing import Annotated

import typer

ConfigPath = Annotated[
    str | None, typer.Option("--config", metavar="PATH", help="YAML file; `tapeline init` writes a first one")
]
Data = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="file, glob, folder or spans of CSV or Parquet, in place of data.source"),
]
Home = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="folder of all runs (default: the environment's TAPELINE_HOME, else ./runs)"),
]
Runner = Annotated[
    str | None, typer.Option(metavar="PATH", help="YAML file with the section beam alone: where Beam runs")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="replace a value of the configuration, such as training.seed=2; may be repeated",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="of the configuration (default: the only one in the folder of all runs)"),
]
RunId = Annotated[str | None, typer.Option("--run", metavar="RUN_ID", help="which run (default: the newest)")]
Metadata = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="ML Metadata: a SQLite file, mysql://user@host:3306/database or grpc://host:8080 (default: the run's own)",
    ),
]
Model = Annotated[
    str, typer.Option(metavar="DIR", help="a version, a folder of versions, or the folder of a configuration's runs")
]
Input = Annotated[
    str, typer.Option("--input", metavar="PATH", help="file, glob or folder with the columns of the training data")
]
Json = Annotated[bool, typer.Option("--json", help="print the result as JSON; progress goes to standard error")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="print the result alone, without progress")]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="list every requirement, not only those that failed or were nearly missed"),
]
Force = Annotated[bool, typer.Option("--force", help="replace a file that is there already")]
