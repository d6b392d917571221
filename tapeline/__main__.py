"""`python -m tapeline`: the command line."""

from tapeline.cli.main import entry

entry()
