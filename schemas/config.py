"""The configuration of a pipeline: one YAML file, frozen and checked when it is read.

Every mistake in a file is listed in one message, with its key path and line.

>>> config = parse_config({"name": "sales", "data": {"frequency": "D"}}, origin="")
>>> config.override({"window.horizon": 7}).window.horizon
7
"""

import pathlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pydantic
import yaml

from tapeline.schemas import features as names
from tapeline.schemas.config_errors import Clash, find_mistakes
from tapeline.schemas.config_section import Section
from tapeline.schemas.errors import ConfigError, mistakes_error, printable
from tapeline.schemas.features_config import FeaturesConfig
from tapeline.schemas.gate_config import GateConfig, PushConfig, ServingConfig
from tapeline.schemas.runner_config import BeamConfig, KubeflowConfig
from tapeline.schemas.sections import ChecksConfig, DataConfig, ScalingConfig, SplitConfig, WindowConfig
from tapeline.schemas.training_config import ModelConfig, TrainingConfig
from tapeline.schemas.window_spec import WindowShape, WindowSpec
from tapeline.schemas.yaml_text import read_file

Name = Annotated[str, pydantic.Field(pattern=f"^{names.PIPELINE_NAME}$")]

_DEEPEST_KEY = 8
"""Parts of a key, more than any section has."""


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

    @property
    def auto(self) -> tuple[str, ...]:
        """Dotted keys that have to be chosen from the data before a pipeline is built (`pipeline.settling`)."""
        return tuple(
            f"{section}.{name}"
            for section in type(self).model_fields
            if isinstance(values := getattr(self, section), Section)
            for name in values.unsettled
        )

    def value(self, key: str) -> Any:
        """Returns the value of a dotted key, such as `window.horizon`."""
        value: Any = self
        for part in key.split("."):
            value = getattr(value, part)
        return value

    def window_spec(self) -> WindowSpec:
        """The shape of a training window."""
        return WindowSpec.of(self.window)

    def window_shape(self) -> WindowShape:
        """The widths of a window's parts."""
        return WindowShape.of(self.window, self.features)

    def as_yaml(self) -> str:
        """Returns what is set as a file that `load_config` reads."""
        return yaml.safe_dump(self.model_dump(mode="json", exclude_unset=True), sort_keys=False, allow_unicode=True)

    def override(self, values: Mapping[str, Any], *, origin: str = "the overridden configuration") -> "Config":
        """Returns a copy with some values replaced, checked anew.

        Args:
            values: New values by dotted key: `{"training.seed": 2}`.
            origin: What error messages call the values.

        Raises:
            ConfigError: A key is unknown or a value breaks a rule.
        """
        tree = self.model_dump(exclude_unset=True)
        for key, value in values.items():
            *parents, leaf = parts = key.split(".")
            if not all(parts) or len(parts) > _DEEPEST_KEY:
                raise ConfigError(
                    f"{origin}: the key {printable(repr(key), most=100)} leads nowhere. Give a key such as training.seed; "
                    "`tapeline help configuration` lists them."
                )
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
                if not isinstance(node, dict):
                    where = printable(key, most=100)
                    raise ConfigError(f"{origin}: {where}: {parent!r} is a value, not a section: correct the key.")
            node[leaf] = value
        return parse_config(tree, origin=origin)

    def _clashes(self) -> Iterator[Clash]:
        weights, horizon, context_length = self.training.loss.weights, self.window.horizon, self.window.context_length
        if isinstance(weights, tuple) and len(weights) != horizon:
            yield Clash(
                ("training.loss.weights", "window.horizon"),
                f"{len(weights)} weights for a window.horizon of {horizon}: give one weight a lead step",
            )
        for key in ("eval_steps", "test_steps"):
            steps = getattr(self.split, key)
            if steps is not None and steps < horizon:
                yield Clash(
                    (f"split.{key}", "window.horizon"),
                    f"{steps} steps hold no forecast of window.horizon ({horizon}): lengthen one or shorten the other",
                )
        parts = {
            "data.time": (self.data.time,),
            "data.target": self.data.target,
            "data.series_id": self.data.series_columns,
        }
        taken = {column: part for part, columns in parts.items() for column in columns}
        for role in ("past_covariates", "future_covariates", "static_covariates"):
            for column in getattr(self.features, role):
                if column in taken:
                    yield Clash(
                        (f"features.{role}", taken[column]),
                        f"column {column!r} is {taken[column]} already: give each column one part",
                    )
        units, heads = self.model.units, self.model.attention_heads
        if heads and units % heads:
            yield Clash(
                ("model.attention_heads", "model.units"),
                f"{heads} heads cannot share model.units ({units}) equally: make units a multiple of the heads",
            )
        lacking = [name for name in ("weekend", "hour_of_day") if name not in self.features.calendar]
        if self.model.view.weekend_hours and lacking and "calendar" not in self.features.unsettled:
            yield Clash(
                ("model.view.weekend_hours", "features.calendar"),
                f"the hours of weekends need {' and '.join(lacking)} in features.calendar: add what is missing, or set "
                "this to false",
            )
        if "context_length" in self.window.unsettled:
            return
        # What looks back into the context, and why it cannot look further.
        looks_back = [
            *(
                (f"model.lags.{at}", lag, "the decoder looks back into the context")
                for at, lag in enumerate(self.model.lags)
            ),
            *(
                (f"features.rolling.{at}.window", rolling.window, "rolling statistics are computed inside the context")
                for at, rolling in enumerate(self.features.rolling)
            ),
            ("gate.season", self.gate.season, "the seasonal naive forecast repeats values of the context"),
        ]
        for key, steps, reason in looks_back:
            if isinstance(steps, int) and steps > context_length:
                yield Clash(
                    (key, "window.context_length"),
                    f"{steps} steps are more than window.context_length ({context_length}): {reason}; "
                    "shorten one or lengthen the other",
                )


def load_config(path: str | pathlib.Path) -> Config:
    """Reads and checks a configuration file.

    Args:
        path: A YAML file.

    Raises:
        ConfigError: The file is missing, is not YAML, or breaks a rule; all
            that is wrong stands in one message.
    """
    tree, node = read_file(
        path, option="--config", fix="Give the path of a YAML file; `tapeline init` writes a first one."
    )
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
    raise mistakes_error(origin, lines)
