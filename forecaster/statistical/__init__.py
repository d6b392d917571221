"""Forecasters from the statistics of time series, as members of a pool beside networks.

Where a series has a hundred rows, a network cannot win; methods with a handful of parameters do. Nearly all of them
are linear in the values once their parameters are fixed: a whole setting is one matrix `[T, H]`, and hundreds of
settings are tried on all windows in one matrix product.

Read in this order:

1. `exponential.py`, `theta.py`, `seasonal_drift.py`, `autoregression.py`: methods as matrices; `intermittent.py`: one
   that is not linear.
2. `affine_maps.py`: matrices with constants, and means of them. `completion.py` (and `network/log_view.py`, logarithms
   instead of values): what stands for values that were not measured.
3. `context_map.py`: the layers that are served.
4. `histories.py`, `origin_views.py`: series before the test split, and the origins that forecasts are tried at.
5. `grids.py`, `choice_of_settings.py`, `autoregressive_choice.py`, `kinds.py`: which settings there are, and which are
   taken.
6. `statistical_forecaster.py`: all kinds as one member of a pool.
"""
