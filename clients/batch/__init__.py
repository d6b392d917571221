"""`tapeline batch`: the two components around TFX's BulkInferrer, for a file of any size.

`RecentContextGen` reads a source and writes one serialized request a series;
BulkInferrer answers them; `ForecastTables` writes the answers as Parquet.
Read `component`, then `executor`, then what Beam's workers run:
`beam_contexts` before BulkInferrer, `beam_tables` after it. Contexts and
tables are those of `tapeline.forecaster.inference`.
"""
