"""The two sets of dependencies, and which of them a machine gets.

    choose("", glibc=glibc_version(), pythons={"3.13"})     # TFX 1.21: newest glibc, and a Python that fits
    choose("1.16", glibc=(2, 41), pythons=set())            # what STACK=1.16 asks for

TFX 1.21 needs wheels that exist for glibc 2.39 and newer only (Ubuntu 24.04, Debian 13). Older systems get TFX 1.16,
the last one that installs there, which knows no Python after 3.10.
"""

import os
from typing import Container, NamedTuple, Optional, Tuple


class StackError(Exception):
    """`STACK` asks for what this machine cannot have; the message says what it can."""


class Stack(NamedTuple):
    """One set of dependencies that fit each other."""

    name: str
    """Its version of TFX, as `STACK` names it."""
    pythons: Tuple[str, ...]
    """Versions of Python that it runs on, the best first."""
    glibc: Tuple[int, int]
    """The oldest glibc for which all its wheels exist."""

    @property
    def lock(self) -> str:
        """The file with its versions and hashes."""
        return f"requirements-{self.name}.lock"

    @property
    def python_words(self) -> str:
        """Its Pythons in words: `3.11, 3.12 or 3.13`."""
        *others, last = sorted(self.pythons)
        return "{} or {}".format(", ".join(others), last) if others else last


OLD = Stack("1.16", ("3.10",), (2, 28))
NEW = Stack("1.21", ("3.13", "3.12", "3.11"), (2, 39))
STACKS = {stack.name: stack for stack in (OLD, NEW)}


def glibc_version() -> Tuple[int, int]:
    """Returns the version of this system's C library; `(0, 0)` where it is another one than glibc."""
    try:
        words = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (OSError, ValueError):
        return (0, 0)
    if len(words) != 2 or words[0] != "glibc":
        return (0, 0)
    major, minor = [*words[1].split("."), "0"][:2]
    return (int(major), int(minor))


def choose(forced: Optional[str], *, glibc: Tuple[int, int], pythons: Container[str]) -> Stack:
    """Returns the stack for a machine.

    Args:
      forced: value of `STACK`; empty or None leaves the choice to what is there.
      glibc: version of the machine's glibc.
      pythons: versions of Python that the machine has.

    Raises:
      StackError: `STACK` is unknown, or does not install here.
    """
    if forced:
        if forced not in STACKS:
            raise StackError("STACK is {!r}. It must be {}.".format(forced, " or ".join(STACKS)))
        stack = STACKS[forced]
        if glibc < stack.glibc:
            raise StackError(
                "STACK is {!r}, which needs glibc {}.{} or newer (Ubuntu 24.04, Debian 13); this system has {}.{}.\n"
                "Leave STACK out, and TFX {} is installed.".format(forced, *stack.glibc, *glibc, OLD.name)
            )
        return stack
    if glibc >= NEW.glibc and any(version in pythons for version in NEW.pythons):
        return NEW
    if any(version in pythons for version in OLD.pythons):
        return OLD
    # No Python fits: uv fetches one, and that can as well be a new one.
    return NEW if glibc >= NEW.glibc else OLD
