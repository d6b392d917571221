"""From files of rows, in any order, to whole series: the engine of the nodes DataGate and Transform.

Read `series_rows` (rows as columns), `rows_io` (the reader of row files),
`pieces` (rows that wait on disk), `series_survey` (which group each series goes
to), and then `beam_groups`, which runs the two passes; `beam_lines` brings
results of a Beam pipeline back.
"""
