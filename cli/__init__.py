"""The command line, a file for each command.

In each file, `run` has a parameter for each option and returns the exit code. It
raises a `UserError` for what the user can fix; `main.py` prints that and answers
with exit code 2. `command_line.py` lists the commands and has Typer read what
was typed, `options.py` holds the options that several of them take, `arguments.py`
reads what those name, `terminal.py` prints, and `exit_codes.py` says what the
shell is answered.
"""
