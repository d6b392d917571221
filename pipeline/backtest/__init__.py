"""A backtest: the pipeline is trained and judged anew at several points in time, and the results are compared.

Read in this order: `folds.py` (where the folds lie), `plan.py` (a configuration
and a folder for each), `tables.py`, `fold_figures.py`, and `results.py`, which
puts table, numbers and figures together.
"""
