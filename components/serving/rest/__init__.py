"""The pushed model over HTTP, in TensorFlow Serving's REST protocol; see the modules inside."""
