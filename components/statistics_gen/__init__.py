"""The node StatisticsGen: rows in, statistics of each split out, in TFDV's format.

It stands for TFX's StatisticsGen, which reads record by record. Read
`beam_statistics` (how blocks become statistics), `executor` and `component`.
"""
