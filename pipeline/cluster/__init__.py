"""Where a pipeline's Beam jobs run: looked at before, watched meanwhile, ended with the run.

Read in this order: `places.py` (which cluster the arguments name); `job_service.py`, `flink_rest.py` and
`spark_rest.py` (what each kind of cluster can be asked); `looking.py` (before the first component); `job_book.py` (the
jobs that a run has open, on disk) and `stopping.py` (ends them); `runners.py` (Beam's runners, whose jobs are named,
written down and watched), with `following.py`, `watching.py` and `job_errors.py`.
"""
