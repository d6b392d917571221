"""What a time series is, in NumPy and TensorFlow ops, without TFX.

Read the files in the order in which data go through them. `arrays` names the
types. Times: `time_grid`, `calendar`, `cycles`. Rows: the rooms `sources` (files
of any kind to rows), `grouping` (rows of many series to whole series) and
`checks` (what is wrong with them). Scaled space: `moments`, `scaling`. Windows:
`chunking` finds them, `windowing` cuts them and fills their gaps (`gap_filling`
does so in a graph), `window_writer` and `window_reader` write and read their
files, `step_index` finds their steps among rows. Forecasts: `seasons`,
`conformal`, `window_sums`. The room `figures` draws.
"""
