"""What a file of rows holds, found out from its values: times, series, numbers, gaps.

Nothing here reads a configuration. `raw_table` reads a source whole, as text;
the others look at its columns, each for one question.
"""
