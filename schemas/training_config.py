"""The sections of a configuration that tell what model is trained, and how."""

from collections.abc import Iterator
from typing import Annotated, Literal

import pydantic

from tapeline.schemas.config_errors import Clash
from tapeline.schemas.config_section import Section
from tapeline.schemas.config_values import ChosenFromData, Count, Fraction, Once, Positive, Real, Share, Steps

Rate = Annotated[Real, pydantic.Field(gt=0.0)]


class ViewConfig(Section):
    """What a network sees of a window, and over which line it learns. No view is best for every series."""

    harmonics: Annotated[Positive, pydantic.Field(le=6)] = 1
    """Sine and cosine waves of each calendar cycle, the base wave included."""
    weekend_hours: bool = False
    """Whether the hour's waves are given a second time for weekends alone; needs both in the calendar."""
    lag_covariates: bool = True
    """Whether the decoder sees the covariates at the lags beside the values."""
    level: bool = False
    """Whether the decoder sees the last context value itself, in scaled units."""
    window_units: bool = False
    """Whether values are in units of the deviation of the window's own context, not of the usual error."""
    highway: Literal["none", "context", "known", "all"] = "known"
    """What the linear map reads: nothing (there is none), the context alone, also what is known, also more waves of the
    calendar, the amounts that are known ahead at the lags, and their squares."""
    highway_per_series: bool = False
    """Whether each series has a linear map of its own; for more than 64, and for unknown ones, one map serves all."""


class ModelConfig(Section):
    """The sequence-to-sequence network."""

    segment_length: Annotated[Steps, ChosenFromData()] = 1
    """Steps that encoder and decoder take at a time; the decoder feeds its last segment back."""
    view: ViewConfig = ViewConfig()
    """What a network sees; of several candidates the first one."""
    members: Annotated[Positive, pydantic.Field(le=10)] = 3
    """Most picks of the selection that is served; with 1, and `training.candidates: 1`, the one network is."""
    units: Annotated[Positive, pydantic.Field(le=65_536)] = 64
    """Width of the LSTM's state."""
    cross_fit: bool = True
    """Whether the network learns from what the linear map leaves over on windows that the map was not fitted on."""
    encoder_length: Annotated[Steps | None, ChosenFromData()] = None
    """Steps at the end of the context that the encoder LSTM reads; None: all. The linear map always reads all."""
    lags: Annotated[tuple[Steps, ...], Once, ChosenFromData()] = ()
    """Seasons in steps: at each lead step the decoder sees value and covariates of the context that long ago."""
    attention_heads: Count = 0
    """Heads of the decoder's attention over the encoder's outputs; 0 turns it off."""
    dropout: Annotated[Real, pydantic.Field(ge=0.0, lt=1.0)] = 0.0
    """Variational dropout: one mask a window, the same at every step."""
    layer_norm: bool = False
    """Whether the recurrent outputs are normalised."""


class LossConfig(Section):
    """What training minimises, in scaled space."""

    kind: Literal["mae", "huber"] = "mae"
    """Absolute error, or Huber's: squared below `delta`."""
    delta: Rate = 0.01
    """Where Huber's loss turns from squared to absolute, in scaled units."""
    weights: Literal["uniform", "linear", "exponential"] | tuple[Rate, ...] = "uniform"
    """How lead steps are weighted, or a list with one weight a step; normalised to mean 1."""
    growth: Rate = 2.0
    """Weight of the last lead step over that of the first, for `linear` and `exponential`."""


class SamplingConfig(Section):
    """How often the decoder reads its own output in training."""

    schedule: Literal["constant", "linear", "inverse_sigmoid", "exponential"] = "constant"
    """How the probability goes from `start` to `end`; `constant` stays at `start`."""
    start: Share = 1.0
    """Probability that the decoder reads its own output in the first epoch."""
    end: Share = 1.0
    """The same when the schedule has run out."""
    epochs: Annotated[Positive, pydantic.Field(le=1_000_000)] = 20
    """Epochs that the schedule takes."""
    draw: Literal["step", "window"] = "step"
    """Whether each step draws, or one draw holds for a whole window."""


class EarlyStoppingConfig(Section):
    """When training ends by itself."""

    patience: Positive = 15
    """Epochs without improvement of the free-running validation error; of several candidates, those that are not in
    the lead wait half as long."""
    min_delta: Annotated[Real, pydantic.Field(ge=0.0)] = 0.0
    """Least improvement that counts, in scaled units."""
    warm_up: Count = 0
    """Epochs at the start that are not judged."""


class ReduceOnPlateauConfig(Section):
    """When the learning rate falls."""

    factor: Fraction = 0.5
    """What the rate is multiplied by."""
    patience: Positive = 5
    """Epochs without improvement."""
    cooldown: Count = 0
    """Epochs after a reduction that are not counted."""
    min_learning_rate: Rate = 1e-5
    """Where it stops falling."""


class OptimizerConfig(Section):
    """What turns gradients into steps."""

    kind: Literal["adam", "adamw"] = "adam"
    """Adam, or AdamW: Adam whose weights also shrink by themselves at every step."""
    weight_decay: Annotated[Real, pydantic.Field(ge=0.0, lt=1.0)] = 0.01
    """By what share of the learning rate AdamW's weights shrink at a step; Adam's do not."""


class TrainingConfig(Section):
    """The training loop."""

    candidates: Annotated[Positive, pydantic.Field(le=64), ChosenFromData()] = 6
    """Networks with different views and seeds that are trained side by side, the weaker half ever more briefly."""
    time_limit: Rate | None = None
    """Seconds after which training ends with what it has; with a limit two runs may differ. None: no limit."""
    optimizer: OptimizerConfig = OptimizerConfig()
    """What turns gradients into steps."""
    rate_schedule: Literal["plateau", "cosine"] = "plateau"
    """Whether the rate falls when the error stops falling, or along half a cosine from the first epoch to the last."""
    warm_up: Count = 0
    """Epochs at the start of the cosine in which the rate rises."""

    batch_size: Annotated[Positive, pydantic.Field(le=1_000_000)] = 64
    """Windows in one step of the optimizer."""
    epochs: Annotated[Positive, pydantic.Field(le=1_000_000)] = 150
    """Most passes over the training windows."""
    learning_rate: Rate = 1e-3
    """The learning rate; that of the cosine's top."""
    highway_learning_rate: Annotated[Real, pydantic.Field(ge=0.0)] | None = 0.0
    """Learning rate of the linear highway; 0 keeps it at its ridge solution; None: the same as the rest."""
    average_weights: Annotated[Real, pydantic.Field(ge=0.0, lt=1.0)] = 0.99
    """Share of the old in the moving average of the weights, which is what is validated and kept; 0: no average."""
    clip_norm: Rate | None = 1.0
    """Largest global norm of the gradients; None: not clipped."""
    accumulate: Positive = 1
    """Batches whose gradients are added up for one step of the optimizer."""
    shards: Annotated[Count, pydantic.Field(le=1024)] = 0
    """Parts of a batch that run side by side on the CPU; 0 chooses by batch size and cores."""
    shuffle_windows: Positive = 100_000
    """Windows among which the next batch is drawn."""
    seed: Annotated[int, pydantic.Field(ge=0, le=2**32 - 1, strict=True)] = 1
    """Seed of initial weights, shuffling, sampling and dropout."""
    deterministic: bool = True
    """Whether two runs with one seed give the same weights, bit by bit."""
    quantiles: Annotated[tuple[Fraction, ...], Once] = ()
    """Quantiles of the forecast that are served beside its intervals, as `quantile_0.1` and so on; each above 0 and
    below 1."""
    loss: LossConfig = LossConfig()
    """What is minimised."""
    sampling: SamplingConfig = SamplingConfig()
    """Scheduled sampling."""
    early_stopping: EarlyStoppingConfig = EarlyStoppingConfig()
    """When to end."""
    reduce_on_plateau: ReduceOnPlateauConfig = ReduceOnPlateauConfig()
    """When to slow down; for `rate_schedule: plateau`."""

    def _clashes(self) -> Iterator[Clash]:
        if self.warm_up and self.rate_schedule != "cosine":
            yield Clash(
                ("warm_up", "rate_schedule"),
                f"got {self.warm_up} with rate_schedule: {self.rate_schedule}; only the cosine has a warm-up. "
                "Set rate_schedule: cosine, or warm_up: 0",
            )
        elif self.warm_up >= self.epochs:
            yield Clash(
                ("warm_up", "epochs"),
                f"got {self.warm_up}, must be less than epochs ({self.epochs}). Shorten it, or train longer",
            )
