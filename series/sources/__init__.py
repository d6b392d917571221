"""From files of any kind to rows: in come paths, out come the rows of a source as columns, or all that is wrong with it.

Read `source` (which files; `folders` for those of a folder or glob, `spans` for the newest ones), `parquet_files`, `quotes`,
`file_ranges`, `headers` and `reading` (blocks and batches), then how a batch becomes columns: `problems`,
`values`, `iso_times`, `time_style`, `timestamps`, and `rows`, which puts them together and
writes the row layout. `scanning`, `spellings` and `beam_scanning` are the first pass over a
whole source. `time_writer` turns seconds back into the source's own times.
"""
