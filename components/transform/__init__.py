"""The node Transform: rows in; the transform graph, chunks for training and windows for scoring out.

Read `preprocessing` (what the graph computes of a row), `graph_inputs` (what it
takes), `beam_scaling` and `beam_analysis` (how it is fitted), `earlier_fit`
(when it need not be); `scaled_rows` (rows through the graph); `window_group`
(how a group of series is cut), `window_tally` (what came of it),
`beam_windowing`, `executor` and `component`.
"""
