"""What the arguments of a command name: the configuration, the runner, the runs."""

import argparse
import pathlib
from typing import TYPE_CHECKING, Any

import yaml

from tapeline.pipeline.paths import RunPaths, shown
from tapeline.schemas.errors import ConfigError

if TYPE_CHECKING:
    from tapeline.schemas.config import Config


def read_config(arguments: argparse.Namespace) -> "Config":
    """Reads the configuration that the arguments name, with what they replace in it.

    Raises:
        ConfigError: The file or a replaced value breaks a rule.
    """
    # pandas, which the time grid needs, takes a second: too long for a command that reads a verdict only.
    from tapeline.schemas.config import load_config

    if getattr(arguments, "config_json", None) is not None:
        from tapeline.cli.compile import parse_config_json

        config = parse_config_json(arguments.config_json)
    else:
        config = load_config(arguments.config)
    overrides: dict[str, Any] = read_runner(arguments.runner) if arguments.runner else {}
    for item in arguments.overrides:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set: got {item!r}, must be KEY=VALUE, such as training.seed=2.")
        overrides[key] = yaml.safe_load(value)
    if arguments.data is not None:
        overrides["data.source"] = arguments.data
    return config.override(overrides) if overrides else config


def read_runner(path: str) -> dict[str, Any]:
    """Reads where Beam runs: a YAML file that holds the section `beam` and nothing else.

    Raises:
        ConfigError: It is missing, or holds something else.
    """
    try:
        tree = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ConfigError(f"--runner: {path!r} cannot be read: {problem}. Give one of configs/runners/.") from error
    if not isinstance(tree, dict) or list(tree) != ["beam"]:
        found = sorted(tree) if isinstance(tree, dict) else type(tree).__name__
        raise ConfigError(f"--runner: {path!r} holds {found}, must hold the section beam alone.")
    return tree


def name_of_runs(arguments: argparse.Namespace) -> str:
    """Returns the name that runs lie under: as given, else that of the configuration, else the only one there is.

    Raises:
        ConfigError: No name can be told.
    """
    if arguments.name is not None:
        return str(arguments.name)
    if arguments.config is not None:
        path = pathlib.Path(arguments.config)
        if not path.is_file():
            raise ConfigError(f"--config: no file {str(path)!r}. Give the path of a YAML file, or --name.")
        try:
            tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{path}: not readable as YAML: {' '.join(str(error).split())}. Mend the syntax."
            ) from error
        name = tree.get("name") if isinstance(tree, dict) else None
        if not isinstance(name, str):
            raise ConfigError(f"{path}: has no name. Give the name that the runs lie under with --name.")
        return name
    home = RunPaths.of("", arguments.home).root
    known = sorted(path.parent.name for path in home.glob("*/metadata.db"))
    if not known:
        raise ConfigError(f"--home: {shown(home)} holds no runs. Run `tapeline run` first, or give another --home.")
    if len(known) > 1:
        raise ConfigError(f"--name: {shown(home)} holds the runs of {', '.join(known)}. Say which: --name or --config.")
    return known[0]
