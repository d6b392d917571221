#!/bin/sh
# Makes sure that .venv is ready, then says nothing. Every make target starts here.
# A ready environment is recognised by its own Python in a few hundredths of a second;
# anything else is left to bootstrap.py, under whichever Python 3 the system has.
cd "$(dirname "$0")/.." || exit 1
unset PYTHONPATH PYTHONHOME

[ -x .venv/bin/python ] && .venv/bin/python -ES scripts/bootstrap.py --check 2>/dev/null && exit 0

# Names are tried in turn because a pyenv shim may exist and yet fail. Debian's python3-minimal starts too, but has
# only a part of the standard library.
for python in python3 /usr/bin/python3 python python3.10 python3.11 python3.12 python3.13 python3.14; do
  if "$python" -c 'import json, shutil, sys, urllib.request; sys.exit(sys.version_info < (3, 6))' >/dev/null 2>&1; then
    exec "$python" scripts/bootstrap.py
  fi
done
cat >&2 <<MESSAGE
Tapeline cannot be set up yet. Missing:
  - Python 3 with its standard library (any from 3.6 on; python3-minimal alone is too little).

This brings it; then type the same make command again:
    $([ "$(id -u)" = 0 ] || echo 'sudo ')apt-get install -y python3
MESSAGE
exit 1
