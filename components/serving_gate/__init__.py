"""The ServingGate node: serves a candidate alone, and blesses it if it answers and refuses as it must.

In come the model, the windows of the test split, and the rows that they were
cut from. Out comes an InfraBlessing with the checks behind it, which the
Pusher asks for beside the Evaluator's blessing.

Read `examination` first: it is the serving gate. `real_windows` finds windows
with known answers, `real_requests` and `hostile_requests` make requests of
them, `serve_alone` starts the process that runs `clean_process`, and `judging`
turns what came back into checks. `examined_ahead` lets a local run begin while
the Evaluator judges; `executor` and `component` join it to TFX.
"""
