"""The Pusher node: a model blessed by the Evaluator and the serving gate in, a new numbered version out.

TFX's Pusher checks the blessings; a version appears whole or not at all
(`tapeline.forecaster.versions`). A rerun whose version is gone pushes it again.
Read `component`, then `driver` and `executor`.
"""
