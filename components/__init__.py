"""The rooms of the pipeline: pure files first, then an executor, then a component."""
