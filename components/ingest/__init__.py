"""The node SeriesExampleGen: any source in, rows out, split by time into train, eval and test.

Read `splits` (where time is cut), `beam_writing` (how a worker writes a block),
`executor` and `component`. How a source is read is in `series/sources`.
"""
