"""One room of the project; see the modules inside."""
