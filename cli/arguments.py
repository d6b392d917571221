"""What the arguments of a command name: the configuration, the runner, the runs."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError, mistakes_error, printable
from tapeline.schemas.features import PIPELINE_NAME
from tapeline.schemas.yaml_text import read_file, read_json, read_text

if TYPE_CHECKING:
    from tapeline.schemas.config import Config

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}")


def read_config(
    config: str | None,
    *,
    config_json: str | None = None,
    data: str | None = None,
    runner: str | None = None,
    overrides: Sequence[str] | None = None,
    read_here: bool = True,
) -> "Config":
    """Reads the configuration that the arguments name, with what they replace in it.

    Args:
        config: What `--config` says.
        config_json: What `--config-json` says in its place.
        data: What `--data` says: it replaces `data.source`.
        runner: What `--runner` says.
        overrides: What each `--set` says.
        read_here: Whether this command, or one on this machine, reads the data: a relative source that is not in the
            working directory is then looked for beside the file.

    Raises:
        ConfigError: There is none, the file or a replaced value breaks a rule, or the file is somewhere else.
    """
    if (config is None) == (config_json is None):
        given = "is missing. Give" if config is None else "and --config-json are both given. Give one of them:"
        raise ConfigError(f"--config: {given} --config PATH, or the configuration itself with --config-json.")
    # pandas, which the time grid needs, takes a second: too long for a command that reads a verdict only.
    from tapeline.schemas.config import load_config

    read = load_config(config) if config is not None else parse_config_json(str(config_json))
    replaced: dict[str, Any] = read_runner(runner) if runner else {}
    options = ["--runner"] if runner else []
    for item in overrides or ():
        key, value = _read_override(item)
        replaced[key] = value
        options.append(f"--set {printable(key, most=100)}")
    if data is not None:
        replaced["data.source"] = data
        options.append("--data")
    elif config is not None and read_here and read.data.source is not None and "data.source" not in replaced:
        read = _with_source(read, config)
    return read.override(replaced, origin=printable(", ".join(options))) if replaced else read


def _with_source(config: "Config", path: str) -> "Config":
    """Returns the configuration of a file with the path that its source means."""
    from tapeline.series.sources.beside import found_beside

    found = found_beside(str(config.data.source), path)
    return config if found == config.data.source else config.override({"data.source": found})


def _read_override(item: str) -> tuple[str, Any]:
    """Reads the KEY=VALUE of `--set`, the value as in a file; a mark that a file puts in quotes needs none here."""
    key, equals, value = item.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set: got {printable(repr(item))}, must be KEY=VALUE, such as training.seed=2.")
    # A shell takes quotes away. What YAML would take for a directive is a format of times, and what it would take for the
    # beginning of something longer is the mark between columns, for one.
    is_mark = len(value) == 1 and not value.isalnum() and value != "~"
    if is_mark or value.startswith("%"):
        return key, value
    tree, _ = read_text(value, origin=f"--set {printable(key, most=100)}")
    return key, tree


def read_runner(path: str) -> dict[str, Any]:
    """Reads where Beam runs: a YAML file that holds the section `beam` and nothing else.

    Raises:
        ConfigError: It is missing, or holds something else.
    """
    from tapeline.schemas.config_errors import find_mistakes
    from tapeline.schemas.runner_config import RunnerFile

    tree, node = read_file(path, option="--runner", fix="Give a YAML file with the section beam alone.")
    if not isinstance(tree, dict) or list(tree) != ["beam"]:
        found = printable(str(sorted(tree))) if isinstance(tree, dict) else type(tree).__name__
        raise ConfigError(f"--runner: {path!r} holds {found}, must hold the section beam alone.")
    mistakes = find_mistakes(RunnerFile, tree, node=node)
    if mistakes:
        raise mistakes_error(f"--runner: {path}", mistakes)
    return tree


def name_of_runs(*, name: str | None = None, config: str | None = None, home: str | None = None) -> str:
    """Returns the name that runs lie under: as given, else that of the configuration, else the only one there is.

    Args:
        name: What `--name` says.
        config: What `--config` says.
        home: What `--home` says.

    Raises:
        ConfigError: No name can be told.
    """
    if name is not None and config is not None:
        raise ConfigError("--name: is given beside --config. Give one of them.")
    if name is not None:
        return _checked_name(name, "--name")
    if config is not None:
        tree, _ = read_file(config, option="--config", fix="Give the path of a YAML file, or --name.")
        name = tree.get("name") if isinstance(tree, dict) else None
        if not isinstance(name, str):
            raise ConfigError(f"{config}: has no name. Give the name that the runs lie under with --name.")
        return _checked_name(name, f"{config}: name")
    known = names_in(home)
    if len(known) > 1:
        names = printable(", ".join(known))
        raise ConfigError(
            f"--name: {shown(RunPaths.of('', home).root)} holds the runs of {names}. Say which: --name or --config."
        )
    return known[0]


def names_in(home: str | None) -> list[str]:
    """Returns the names of all configurations that have runs in a folder.

    Raises:
        ConfigError: There are none.
    """
    root = RunPaths.of("", home).root
    known = sorted(path.parent.name for path in root.glob("*/metadata.db"))
    if not known:
        raise ConfigError(f"--home: {shown(root)} holds no runs. Run `tapeline run` first, or give another --home.")
    return known


def _checked_name(name: str, origin: str) -> str:
    """Returns a name of a pipeline; refuses what would lead out of the folder of all runs."""
    if not re.fullmatch(PIPELINE_NAME, name):
        raise ConfigError(
            f"{origin}: got {printable(repr(name), most=100)}, must be at most 63 letters, digits, - and _, the first a "
            "letter or digit. Give the name that stands in the configuration; another folder of runs is --home."
        )
    return name


def parse_config_json(text: str) -> "Config":
    """Reads a configuration that is given as JSON in place of a file.

    Args:
        text: JSON; orchestrators that know no whole numbers may write 24 as 24.0.

    Raises:
        ConfigError: It is no JSON, or breaks a rule.
    """
    from tapeline.schemas.config import parse_config

    tree = read_json(text, origin="--config-json")
    return parse_config(tree, origin="--config-json")


def require_run_id(run_id: str) -> None:
    """Checks a name of a run.

    Raises:
        ConfigError: It could not name a folder.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise ConfigError(
            f"--run-id: got {run_id!r}, must be letters, digits and . _ : - only (it names folders). Where an "
            "orchestrator should have filled in a placeholder, it did not."
        )
