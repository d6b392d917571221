"""Candidates differ in what they see, as far as there is anything to see."""

from typing import Any

from tapeline.components.trainer.candidate_views import VIEWS
from tapeline.components.trainer.candidates import make_candidates
from tapeline.schemas.training_config import ModelConfig, ViewConfig
from tapeline.schemas.window_spec import WindowShape

BARE = WindowShape(context_length=8, horizon=3)
RICH = WindowShape(context_length=8, horizon=3, past=1, future=5, calendar=("hour_of_day", "weekend"))
MODEL = ModelConfig(lags=(4,))


def make(count: int, *, model: ModelConfig = MODEL, shape: WindowShape = RICH, several_series: bool = True) -> Any:
    return make_candidates(count, model=model, seed=7, shape=shape, several_series=several_series)


def test_the_first_candidate_is_the_configured_network() -> None:
    model = ModelConfig(view={"level": True, "highway": "context"}, dropout=0.3)
    first = make(4, model=model)[0]
    assert (first.config, first.seed, first.number, first.words) == (model, 7, 1, "as configured")


def test_no_two_are_alike_and_each_has_a_seed_of_its_own() -> None:
    candidates = make(8)
    assert len({candidate.config.model_dump_json() for candidate in candidates}) == 8
    assert len({candidate.seed for candidate in candidates}) == 8


def test_switches_without_anything_to_switch_stay_at_their_default() -> None:
    default = ViewConfig()
    for candidate in make(6, model=ModelConfig(), shape=BARE, several_series=False):
        view = candidate.config.view
        for idle in ("harmonics", "weekend_hours", "lag_covariates", "highway_per_series"):
            assert getattr(view, idle) == getattr(default, idle)
        assert view.highway != "context"


def test_where_views_run_out_they_come_again_with_other_seeds() -> None:
    candidates = make(20, model=ModelConfig(), shape=BARE, several_series=False)
    different = {candidate.config.model_dump_json() for candidate in candidates}
    assert len(different) < len(candidates)
    again = candidates[len(different)]
    assert again.config == candidates[0].config
    assert again.seed != candidates[0].seed
    assert again.words == "as configured, another seed"


def test_a_stronger_dropout_than_the_table_has_stays() -> None:
    assert {candidate.config.dropout for candidate in make(6, model=MODEL.model_copy(update={"dropout": 0.5}))} == {0.5}


def test_every_row_of_the_table_is_a_valid_view() -> None:
    for row in VIEWS:
        ModelConfig(**row)
