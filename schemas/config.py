"""The configuration of a pipeline: one YAML file, frozen and checked when it is read.

    config = load_config("configs/co2.yaml")
    config.window.horizon                # 24
    config.override({"training.seed": 2})

Every mistake in a file is listed in one message, with its key path and line.
"""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pydantic
import yaml

from tapeline.schemas.config_errors import Clash, find_mistakes, raise_clashes
from tapeline.schemas.errors import ConfigError
from tapeline.schemas.kubeflow_config import KubeflowConfig
from tapeline.schemas.sections import (
    BeamConfig,
    ChecksConfig,
    DataConfig,
    FeaturesConfig,
    GateConfig,
    PushConfig,
    ScalingConfig,
    Section,
    ServingConfig,
    SplitConfig,
    WindowConfig,
)
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec

Name = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]


class Config(Section):
    """Everything that a pipeline run depends on."""

    name: Name
    """Name of the pipeline; its folder under `runs/`."""
    schema_path: str | None = None
    """A curated TFDV schema (`schemas/<data set>/schema.pbtxt`); None infers one from the train split."""
    data: DataConfig
    """Source and column roles."""
    features: FeaturesConfig = FeaturesConfig()
    """Covariates, calendar and rolling statistics."""
    checks: ChecksConfig = ChecksConfig()
    """What the data gate refuses."""
    split: SplitConfig = SplitConfig()
    """Train, eval and test."""
    window: WindowConfig = WindowConfig()
    """Context and horizon."""
    scaling: ScalingConfig = ScalingConfig()
    """Scaled space."""
    model: ModelConfig = ModelConfig()
    """The network."""
    training: TrainingConfig = TrainingConfig()
    """The loop."""
    gate: GateConfig = GateConfig()
    """The verdict."""
    serving: ServingConfig = ServingConfig()
    """The served model."""
    push: PushConfig = PushConfig()
    """The served versions."""
    beam: BeamConfig = BeamConfig()
    """The runner of Beam."""
    kubeflow: KubeflowConfig = KubeflowConfig()
    """The pipeline on Kubeflow."""

    @pydantic.model_validator(mode="after")
    def _sections_agree(self) -> "Config":
        raise_clashes(_clashes(self))
        return self

    def window_spec(self) -> WindowSpec:
        """The shape of a training window."""
        return WindowSpec(
            context_length=self.window.context_length, horizon=self.window.horizon, stride=self.window.stride
        )

    def window_shape(self) -> WindowShape:
        """The widths of a window's parts."""
        return WindowShape.of(self.window, self.features)

    def override(self, values: Mapping[str, Any]) -> "Config":
        """Returns a copy with some values replaced, checked anew.

        Args:
            values: New values by dotted key: `{"training.seed": 2}`.

        Raises:
            ConfigError: A key is unknown or a value breaks a rule.
        """
        tree = self.model_dump(exclude_unset=True)
        for key, value in values.items():
            *parents, leaf = key.split(".")
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
                if not isinstance(node, dict):
                    raise ConfigError(f"{key}: {parent!r} is a value, not a section: correct the key.")
            node[leaf] = value
        return parse_config(tree, origin="the overridden configuration")


def _clashes(config: Config) -> Iterator[Clash]:
    weights, horizon, context_length = (
        config.training.loss.weights,
        config.window.horizon,
        config.window.context_length,
    )
    if isinstance(weights, tuple) and len(weights) != horizon:
        yield Clash(
            ("training.loss.weights", "window.horizon"),
            f"{len(weights)} weights for a window.horizon of {horizon}: give one weight a lead step",
        )
    roles = {config.data.time: "data.time", **dict.fromkeys(config.data.target, "data.target")}
    if config.data.series_id is not None:
        roles[config.data.series_id] = "data.series_id"
    for role in ("past_covariates", "future_covariates", "static_covariates"):
        for column in getattr(config.features, role):
            if column in roles:
                yield Clash(
                    (f"features.{role}", roles[column]),
                    f"column {column!r} is {roles[column]} already: give each column one part",
                )
    units, heads = config.model.units, config.model.attention_heads
    if heads and units % heads:
        yield Clash(
            ("model.attention_heads", "model.units"),
            f"{heads} heads cannot share model.units ({units}) equally: make units a multiple of the heads",
        )
    for at, lag in enumerate(config.model.lags):
        if lag > context_length:
            yield Clash(
                (f"model.lags.{at}", "window.context_length"),
                f"{lag} steps are more than window.context_length ({context_length}): "
                "the decoder looks back into the context; shorten one or lengthen the other",
            )
    for at, rolling in enumerate(config.features.rolling):
        if rolling.window > context_length:
            yield Clash(
                (f"features.rolling.{at}.window", "window.context_length"),
                f"{rolling.window} steps are more than window.context_length ({context_length}): "
                "rolling statistics are computed inside the context; shorten one or lengthen the other",
            )
    season = config.gate.season
    if isinstance(season, int) and season > context_length:
        yield Clash(
            ("gate.season", "window.context_length"),
            f"{season} steps are more than window.context_length ({context_length}): "
            "the seasonal naive forecast repeats values of the context; shorten one or lengthen the other",
        )


class _Loader(yaml.SafeLoader):
    """Reads YAML as the safe loader does, but leaves dates as the text that was written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_config(path: str | pathlib.Path) -> Config:
    """Reads and checks a configuration file.

    Args:
        path: A YAML file.

    Raises:
        ConfigError: The file is missing, is not YAML, or breaks a rule; all
            that is wrong stands in one message.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise ConfigError(f"--config: no file {str(path)!r}. Give the path of a YAML file, such as configs/co2.yaml.")
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=_Loader)
        tree = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}. Correct the syntax.") from error
    return parse_config(tree, origin=str(path), node=node)


def parse_config(tree: Any, *, origin: str, node: yaml.Node | None = None) -> Config:
    """Checks a configuration that was read already.

    Args:
        tree: Mappings, lists and scalars, as YAML gives them.
        origin: What error messages call it.
        node: The YAML node of `tree`, for line numbers.

    Raises:
        ConfigError: It breaks a rule.
    """
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{origin}: holds {type(tree).__name__}, must hold a mapping of sections (name, data, ...).")
    try:
        return Config.model_validate(tree)
    except pydantic.ValidationError:
        lines = find_mistakes(Config, tree, node=node)
    count = f"{len(lines)} mistake{'s' if len(lines) > 1 else ''}"
    raise ConfigError(f"{origin}: {count}\n" + "\n".join(f"  {line}" for line in lines))
