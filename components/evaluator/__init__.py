"""The Evaluator: judges the trained model on the test windows, against fixed limits and the model blessed before.

In: test windows, the rows behind them, the scales, the model, and the previous
model if there is one. Out: the evaluation (TFMA's files and a summary of them)
and the blessing. The gate is TFMA's own validation; an audit of windows, scales
and model adds its findings to it as metrics with limits.

Read in this order: `audit.py` and `probe.py` (what is audited), `beam_audit.py`,
`eval_config.py` (the gate), `beam_metrics.py`, `scored_model.py`,
`tfma_results.py`, `executor.py`, `component.py`.
"""
