"""The views that candidates of a pool have: a table, in the order in which they are taken.

Each row is what differs from the configured network, which is the first candidate; `dropout` is the least that it has.
What wins on one series loses on another, so the rows differ from each other in as much as they can: an average of
forecasts that err in different ways is better than each of them.
"""

from typing import Any

VIEWS: tuple[dict[str, Any], ...] = (
    {"view": {"level": True}, "dropout": 0.1},
    {"view": {"level": True, "harmonics": 4, "weekend_hours": True, "lag_covariates": False}, "dropout": 0.1},
    {"view": {"level": True, "highway_per_series": True}, "dropout": 0.1},
    {"view": {"level": True, "harmonics": 4, "lag_covariates": False, "highway": "context"}},
    {"view": {"window_units": True, "harmonics": 2}, "dropout": 0.1},
    {"view": {"level": True, "highway": "none"}, "dropout": 0.1},
    {"view": {"harmonics": 2, "highway_per_series": True, "lag_covariates": False}},
    {"view": {"level": True, "window_units": True, "highway": "context"}, "dropout": 0.1},
    {"view": {"harmonics": 6, "weekend_hours": True}},
    {"view": {"level": True, "harmonics": 2, "lag_covariates": False, "highway": "none"}},
    {"view": {"highway": "context"}, "dropout": 0.2},
)
