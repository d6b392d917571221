"""The command line, a file for each command.

`main.py` declares all commands and their arguments, `arguments.py` reads what
several of them share, `exit_codes.py` says what they answer to the shell. In
every other file, `run` takes the parsed arguments and returns the exit code. It
raises a `UserError` for what the user can fix; `main.py` prints that and answers
with exit code 2.
"""
