"""The resolver that finds the previous model: the one blessed last that can be compared with the candidate.

In come the candidate and all models with their blessings in ML Metadata; out
comes at most one model, which the Evaluator takes as its baseline. `component`
is the only file.
"""
