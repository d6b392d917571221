"""The views that candidates of a pool have: a table, in the order in which they are taken.

Each row is what differs from the configured network, which is the first candidate; `dropout` is the least that it has,
and without `cross_fit` it learns from what the line leaves over on windows that the line was fitted on. What wins on
one series loses on another, so the rows differ from each other in as much as they can: an average of forecasts that err
in different ways is better than each of them.
"""

from typing import Any

VIEWS: tuple[dict[str, Any], ...] = (
    {"view": {"level": True, "highway": "all"}},
    {"view": {"level": True, "highway": "context"}},
    {"view": {"window_units": True}, "cross_fit": False},
    {"view": {"level": True, "highway": "all", "highway_per_series": True}, "dropout": 0.1},
    {"view": {"level": True, "harmonics": 4, "weekend_hours": True, "lag_covariates": False}, "cross_fit": False},
    {"view": {"level": True}},
    {"view": {"level": True}, "dropout": 0.2},
    {"view": {"window_units": True, "highway": "context"}, "dropout": 0.1},
    {"view": {"harmonics": 2, "highway_per_series": True}},
    {"view": {"level": True, "highway": "none"}, "dropout": 0.1},
    {"view": {"harmonics": 6, "weekend_hours": True}},
)
