"""The nodes of the pipeline, a room each, in the order of the graph.

`ingest`, `data_gate`, `transform`, `trainer`, `blessed_before`, `evaluator`,
`serving_gate`, `pusher`, `report`. In each room pure files come first, then
`beam_*.py`, `executor.py` and `component.py`. The files beside the rooms are
what all of them need: how a component is declared (`tfx_component.py`), its
cache key (`code_fingerprint.py`) and kinds of artifacts (`artifacts.py`).
"""
