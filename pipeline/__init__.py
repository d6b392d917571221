"""The nodes wired to a pipeline, the ways to run it, and what became of a run.

Read in this order: `drafting/` (a first configuration from a file) and
`settling.py` (what a configuration leaves to the data); then `paths.py` (where
things go) and `pipeline.py` (the wiring);
then `local_runner.py` with `console.py` for this machine, or `ir.py`,
`node_runner.py`, `stores.py` and `kubeflow.py` for a cluster, and
`batch_inference.py`, a pipeline of its own; `beam_arguments.py` serves all of
them, and `cluster/` looks after the Beam jobs of each. What became of a run: `lineage.py` reads ML Metadata, `verdict.py` and
`judgement.py` say what it means, `verdict_text.py`, `data_warnings.py` and
`verdict_files.py` tell it. `backtest/` runs
the pipeline for several points in time.
"""
