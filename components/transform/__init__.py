"""The nodes Transform and Windows: rows in, scaled rows out; then chunks for training and windows for scoring.

For Transform read `preprocessing` and `beam_scaling`, which fits the scales.
For Windows read `window_group` (how a group of series is cut), `window_tally`
(what came of it), `beam_windowing` and `executor`. `component` makes both nodes.
"""
