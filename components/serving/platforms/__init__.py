"""The pushed model on other platforms: TensorFlow Lite, ONNX, TensorFlow.js; see the modules inside."""
