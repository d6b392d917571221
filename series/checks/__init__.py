"""What is wrong with the times of series: in come rows of whole series and their grid, out come findings.

Read `findings` (what checks write down), `ordered_rows` (rows by
series and time), `grid_checks`, and `grid_suggestion`, which finds a grid that
fits better.
"""
