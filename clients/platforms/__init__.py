"""`tapeline export`: a pushed version in; a model for TensorFlow Lite, ONNX Runtime or TensorFlow.js out.

What is converted is the small function that the Trainer wrote beside the
served graph (`tapeline.forecaster.serving.portable`). `converters` is the only
file.
"""
