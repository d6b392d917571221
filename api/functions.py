"""`tapeline.load`, `tapeline.run` and `tapeline.init`."""

import contextlib
import dataclasses
import html
import os
import pathlib
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tapeline.api.finished import Run
from tapeline.api.frames import is_frame, write_frame
from tapeline.api.loaded import Model
from tapeline.pipeline.environment import prepare_environment
from tapeline.pipeline.paths import RunPaths, shown
from tapeline.pipeline.run_models import data_source
from tapeline.schemas.errors import ConfigError, UserError, user_error
from tapeline.schemas.whole_files import write_whole

if TYPE_CHECKING:
    from tapeline.pipeline.drafting.decisions import Draft
    from tapeline.schemas.config import Config

Columns = str | Sequence[str]
Path = str | os.PathLike[str]

_FRAME_NAME = "frame"
"""Of the runs of a data frame that is given no name."""


def load(folder: Path) -> Model:
    """Loads a model.

    Args:
        folder: The folder of a configuration's runs (`runs/co2`), a folder of versions, or a version.

    Raises:
        UserError: There is none, or it is not what was pushed any more.
    """
    from tapeline.forecaster.pushed_model import find_model

    prepare_environment()
    with _in_words_of_python(folder="model"):
        paths = RunPaths(pathlib.Path(folder).expanduser().resolve())
        return Model(find_model(folder), source=data_source(paths) if paths.configuration.is_file() else None)


def init(
    source: Any,
    *,
    target: Columns = (),
    series: Columns = (),
    known_ahead: Columns = (),
    time: str | None = None,
    horizon: int | None = None,
    name: str | None = None,
    home: Path | None = None,
) -> "Drafted":
    """Looks at data and drafts a configuration that works for them.

    Args:
        source: A data frame, or the path of files, as `data.source` takes it.
        target: What to forecast; without it, what looks like it.
        series: Columns that name the series.
        known_ahead: Columns that are known for times to come.
        time: Column of the times.
        horizon: Steps to forecast.
        name: What runs are called; without it, the name of the file.
        home: Folder of all runs: a data frame is kept there.

    Raises:
        UserError: The data cannot be made out; the message says what to change.
    """
    from tapeline.pipeline.drafting.decisions import decide, name_of
    from tapeline.pipeline.drafting.found_data import Wishes, look_at
    from tapeline.series.inspecting.raw_table import read_table

    prepare_environment()
    with _in_words_of_python():
        wishes = Wishes(
            time=time, series=_names(series), target=_names(target), known_ahead=_names(known_ahead), horizon=horizon
        )
        chosen = name or (_FRAME_NAME if is_frame(source) else name_of(os.fspath(source)))
        draft = decide(look_at(read_table(_source(source, chosen, home)), wishes), wishes)
        return Drafted(dataclasses.replace(draft, name=chosen))


def run(
    source: Any = None,
    *,
    config: "Path | Mapping[str, Any] | Drafted | None" = None,
    name: str | None = None,
    home: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    **wishes: Any,
) -> Run:
    """Runs the whole pipeline: checks the data, trains, judges, pushes what passes, and reports.

    Args:
        source: A data frame, or the path of files; None takes what the configuration names. A frame is written into
            the folder of the runs, as Parquet, and is the run's source.
        config: The path of a configuration, one as a mapping, or what `init` returned; None drafts one from the data.
        name: What the runs are called, in place of the configuration's name.
        home: Folder of all runs; None takes the environment's `TAPELINE_HOME`, else `runs`.
        overrides: Values by dotted key that replace those of the configuration: `{"training.epochs": 5}`.
        **wishes: Where there is no configuration: `target`, `series`, `known_ahead`, `time`, `horizon`, as for `init`.

    Returns:
        The run, whether the model passed or was refused.

    Raises:
        UserError: Data or configuration break a rule.
        RuntimeError: The run failed; the message names its log.
    """
    prepare_environment()
    with _in_words_of_python():
        if config is not None and wishes:
            raise ConfigError(
                f"{next(iter(wishes))}: a configuration is given, which says that already. Use overrides."
            )
        if config is None and source is None:
            raise ConfigError("source: is missing, and no config is given either. Give a data frame or a path.")
        if config is None:
            config = init(source, name=name, home=home, **wishes)
        settled = _settled(_configured(source, config, name=name, home=home, overrides=overrides or {}))
        return _run(settled, RunPaths.of(settled.name, home))


def _run(config: "Config", paths: RunPaths) -> Run:
    from tapeline.pipeline.judgement import judge
    from tapeline.pipeline.local_runner import run_locally
    from tapeline.pipeline.run_files import write_run_files

    outcome = run_locally(config, paths)
    if isinstance(outcome.error, KeyboardInterrupt):
        raise outcome.error
    if outcome.error is not None or outcome.run is None or outcome.unfinished:
        refusal = user_error(outcome.error)
        if refusal is not None:
            raise refusal
        where = f" in {outcome.unfinished[0]}" if outcome.unfinished else ""
        raise RuntimeError(f"The run failed{where}. Its log: {shown(outcome.log)}") from outcome.error
    judgement = judge(paths, outcome.run.run_id)
    if judgement.verdict is None:
        raise RuntimeError(f"{judgement.problem} Its log: {shown(outcome.log)}")
    write_run_files(judgement, outcome.run, paths)
    return Run(paths, judgement)


def _configured(
    source: Any, config: Any, *, name: str | None, home: Path | None, overrides: Mapping[str, Any]
) -> "Config":
    from tapeline.schemas.config import load_config, parse_config

    if isinstance(config, Drafted):
        found = config.config
    elif isinstance(config, Mapping):
        found = parse_config(config, origin="config")
    else:
        found = load_config(os.fspath(config))
    values = dict(overrides)
    if name is not None:
        values["name"] = name
    if source is not None:
        values["data.source"] = _source(source, name or found.name, home)
    return found.override(values, origin="run") if values else found


def _settled(config: "Config") -> "Config":
    from tapeline.pipeline.settling import settle

    settled = settle(config)
    if chosen := settled.words():
        print(textwrap.fill(chosen, 80, subsequent_indent="  "))
    return settled.config


def _source(source: Any, name: str, home: Path | None) -> str:
    """Where the rows are: a data frame is written down, below the folder of the runs of its name."""
    if not is_frame(source):
        return str(os.fspath(source))
    return str(write_frame(source, RunPaths.of(name, home).frames))


def _names(columns: Columns) -> tuple[str, ...]:
    return (columns,) if isinstance(columns, str) else tuple(columns)


@contextlib.contextmanager
def _in_words_of_python(**other: str) -> Iterator[None]:
    """Has errors name arguments as Python does, not as the command line: `known_ahead`, not `--known-ahead`."""
    try:
        yield
    except UserError as error:
        renamed = {option: argument for argument, option in other.items()}

        def argument(found: re.Match[str]) -> str:
            return renamed.get(found[1], found[1].replace("-", "_"))

        words = re.sub(r"--([a-z]+(?:-[a-z]+)*)", argument, str(error))
        raise type(error)(words) from None


@dataclasses.dataclass(frozen=True, repr=False)
class Drafted:
    """A configuration that `init` drafted.

    Attributes:
        draft: What was decided, and why.
    """

    draft: "Draft"

    @property
    def text(self) -> str:
        """The configuration as a commented YAML file."""
        from tapeline.pipeline.drafting.draft_text import yaml_text

        return yaml_text(self.draft)

    @property
    def config(self) -> "Config":
        """The configuration, checked."""
        from tapeline.schemas.config import parse_config
        from tapeline.schemas.yaml_text import read_text

        tree, node = read_text(self.text, origin="the draft")
        return parse_config(tree, origin="the draft", node=node)

    def save(self, path: Path) -> None:
        """Writes the file; one that is there is replaced."""
        write_whole(path, self.text)

    def __repr__(self) -> str:
        from tapeline.pipeline.drafting.draft_text import terminal_lines

        return "\n".join(terminal_lines(self.draft))

    def _repr_html_(self) -> str:
        from tapeline.api.notebook import table_html

        rows = [(each.key, str(each.value), each.reason) for each in self.draft.decisions]
        notes = "".join(f"<p>{html.escape(warning)}</p>" for warning in self.draft.warnings)
        return table_html(rows, head=("key", "value", "why"), caption=f"Draft of {self.draft.name}") + notes
