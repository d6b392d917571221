"""The node DataGate: rows, their statistics, schema and anomalies in; the same rows out, or a refusal with every finding.

Read `series_rules` and `totals`; the checks of series, `value_checks`,
`bound_checks`, `category_checks`, `outlier_checks` (with `scale_total`),
`window_checks`, and `series_checks`, which runs them (those of times are in
`series/checks`); the checks of whole splits, `split_checks`, `drift` and
`anomalies`; then
`gate_report`, `executor` and `component`. `schema_tools` serves `tapeline
schema`, which writes a schema to start from.
"""
