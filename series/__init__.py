"""What a time series is, in NumPy and TensorFlow ops, without TFX.

Read the files in the order in which data go through them. `arrays` names the
types. Times: `time_grid`, `calendar`, `cycles`, `holiday_flags`, `time_features`. Rows:
the rooms `sources` (files of any kind to rows), `inspecting` (what an unknown
file holds), `grouping` (rows of many series to whole series) and `checks` (what
is wrong with them); `float_pairs`, `categories`. What is chosen for them:
`season_finder`, `choices`. Scaled space: `moments`, `scaling`. Windows:
`chunking` finds them, `windowing` cuts them and fills their gaps (`gap_filling`
does so in a graph), `window_writer` and `window_reader` write and read their
files, `row_progress` tells how far a pass over many rows is, `step_index` finds
their steps among rows, `time_folds` divides them into blocks of time.
Forecasts: `seasons`, `window_sums`, `series_skill`; their intervals:
`conformal`, `error_ratios`, `prediction_intervals`. The room `figures` draws.
"""
