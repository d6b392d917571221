"""Wiring and running: `create_pipeline(config)`, its runners and the command line."""
