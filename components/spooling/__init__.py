"""One room of the pipeline; see the modules inside."""
