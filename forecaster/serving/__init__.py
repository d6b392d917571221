"""What is served of a trained model: a SavedModel that takes raw values and needs nothing but TensorFlow.

In come the trained network, the fitted scales, Transform's graph and the
sections of the configuration. Out comes a SavedModel with its signatures, its
card, its warm-up requests and, where there are no covariate columns, a small
function for other platforms.

Read `export_model` first, which puts everything together, then `signatures`.
`raw_windows` turns a request into a window, with `request_rules`,
`input_rules`, `time_steps`, `calendar_table`, `covariates` and `series_tables`;
`any_horizon`, `intervals`, `bounds` and `unit_rounding` make the answer. `card`, `warmup` and `portable`
write what lies beside the graph.
"""
