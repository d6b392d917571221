"""How figures look and how numbers read, the same in report, backtest and forecast pictures.

Read `style.py` (inks and rendering), `time_axis.py`, then `wording.py` (numbers,
times and metrics in words).
"""
