"""Runs the newer stack on an older system: `make test-modern`, in a Debian 13 below a folder of its own.

    python3 scripts/newer_system.py                              # the whole test suite, then models across the stacks
    python3 scripts/newer_system.py make run                     # any command, in a copy of this tree
    python3 scripts/newer_system.py make test-containers         # the image's tests, with Debian 13's Podman

The root is made once, outside of the repository, by debootstrap; a copy of the working tree is laid into it anew
before every call, without the environment that was built there. The command runs in mount and process namespaces of
its own, so nothing stays mounted and no process is left behind, however it ends. What cannot be had here is told as
a reason, and is no failure: another machine runs it.
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
from typing import Dict, List, Mapping, Optional

import bootstrap
import processes
import stacks
import uv_tool

SUITE = "trixie"
PACKAGES = ["python3", "python3-venv", "python3-dev", "g++", "make", "git", "ca-certificates"]
HOME_VARIABLE = "TAPELINE_ROOTS"
TREE = "work/tapeline"
KEPT = (".venv", ".python", "runs")
CLEAN = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}
"""Variables of a command in the root; this machine's own would name places that are not there."""
SECOND_STACK = "TAPELINE_SECOND_STACK"
"""Tells the suite that the other stack is tested as well: what is the same on both is left to that one."""
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
PASSED_ON = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    *("UV_INDEX_URL", "UV_DEFAULT_INDEX", "CI"),
)


class CannotRun(Exception):
    """This machine cannot make or enter the root; the message says why."""


def root_folder(environ: Mapping[str, str]) -> pathlib.Path:
    """Returns where the root lies: below `TAPELINE_ROOTS`, else below the user's cache."""
    cache = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME", "/root"), ".cache")
    return pathlib.Path(environ.get(HOME_VARIABLE) or os.path.join(cache, "tapeline")) / SUITE


def demand_means(environ: Mapping[str, str]) -> None:
    """Checks what making and entering a root takes.

    Raises:
      CannotRun: something is missing, or this system runs the newer stack by itself.
    """
    if stacks.glibc_version() >= stacks.NEW.glibc:
        raise CannotRun(f"this system runs TFX {stacks.NEW.name} by itself: make test STACK={stacks.NEW.name}")
    if os.geteuid() != 0:
        raise CannotRun("making a Debian root takes root's rights")
    path = environ.get("PATH", "")
    for tool in ("chroot", "unshare", "mount", "pivot_root"):
        if shutil.which(tool, path=path) is None:
            raise CannotRun(tool + " is not on PATH")
    if not processes.run(["unshare", "--mount", "--pid", "--fork", "true"], timeout=10, environ=environ).ok:
        raise CannotRun("namespaces for mounts and processes are not allowed here")
    if shutil.which("debootstrap", path=path) is None and shutil.which("apt-get", path=path) is None:
        raise CannotRun("there is neither debootstrap nor an apt-get to install it with")


def make_root(root: pathlib.Path, environ: Mapping[str, str]) -> None:
    """Makes the root unless it is whole; one that was interrupted is made anew.

    Raises:
      CannotRun: debootstrap could not be had, or failed.
    """
    ready = root / "tapeline-ready"
    wanted = " ".join([SUITE, *PACKAGES])
    if ready.exists() and ready.read_text() == wanted:
        return
    if root.exists():
        shutil.rmtree(str(root))
    root.parent.mkdir(parents=True, exist_ok=True)
    if shutil.which("debootstrap", path=environ.get("PATH", "")) is None:
        quiet = dict(environ, DEBIAN_FRONTEND="noninteractive")
        for step in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "debootstrap"]):
            demand(processes.run_showing_time(" ".join(step), step, environ=quiet))
    command = ["debootstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), SUITE, str(root)]
    demand(processes.run_showing_time(f"Debian 13 into {root}", command, environ=environ))
    ready.write_text(wanted)


def demand(outcome: processes.Outcome) -> None:
    """Says why a step failed."""
    if not outcome.ok:
        raise CannotRun("Debian's packages could not be had: " + outcome.last_line)


def lay_tree(project: pathlib.Path, root: pathlib.Path) -> None:
    """Copies what git tracks, and what it neither tracks nor ignores, into the root, in place of the copy before."""
    target = root / TREE
    target.mkdir(parents=True, exist_ok=True)
    for entry in target.iterdir():
        if entry.name not in KEPT:
            shutil.rmtree(str(entry)) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(listing, cwd=str(project)).decode().split("\0"):
        source = project / name
        if name and name not in KEPT and (source.is_symlink() or source.is_file()):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            # `tapeline/` holds links to folders beside it, which are links in the copy too.
            shutil.copy2(str(source), str(target / name), follow_symlinks=False)


def lend_network(project: pathlib.Path, root: pathlib.Path, environ: Mapping[str, str]) -> Dict[str, str]:
    """Gives the root this machine's names, certificates and uv; returns the variables for commands in it."""
    for name in ("etc/resolv.conf", "etc/hosts", CERTIFICATES):
        if os.path.exists("/" + name):
            (root / name).unlink() if (root / name).is_symlink() else None
            shutil.copyfile("/" + name, str(root / name))
    uv_environ = uv_tool.uv_environment(environ)
    uv = uv_tool.get_uv(project / ".uv", uv_environ)
    if uv.path:
        shutil.copy2(os.path.realpath(uv.path), str(root / "usr/local/bin/uv"))
    passed = {name: uv_environ[name] for name in PASSED_ON if name in uv_environ}
    return {**CLEAN, "SSL_CERT_FILE": "/" + CERTIFICATES, **passed}


def entering(root: pathlib.Path, command: List[str], folder: str = TREE) -> List[str]:
    """Writes the command that runs another one inside the root, in a folder there.

    Everything that is mounted is mounted in a namespace that ends with the command, and the root is the root of that
    namespace: Podman mounts it anew, and enters containers by way of it.
    """
    place = shlex.quote(str(root))
    inside = "umount --lazy /mnt && cd /{} && exec {}".format(shlex.quote(folder), " ".join(map(shlex.quote, command)))
    script = (
        f"mount --bind {place} {place} && cd {place} && mount --rbind /dev dev && mount --rbind /sys sys && "
        f"mount -t proc proc proc && pivot_root . mnt && exec chroot . /bin/sh -c {shlex.quote(inside)}"
    )
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "/bin/sh", "-c", script]


def main(arguments: List[str]) -> int:
    """Runs a command in the root, or the tests; returns an exit status."""
    os.chdir(str(bootstrap.PROJECT))
    environ = dict(os.environ)
    root = root_folder(environ)
    try:
        demand_means(environ)
        make_root(root, environ)
    except CannotRun as reason:
        print(f"skipped: {reason}.")
        return 0
    lay_tree(bootstrap.PROJECT, root)
    inside = lend_network(bootstrap.PROJECT, root, environ)
    if arguments:
        return subprocess.call(entering(root, arguments), env=inside)
    return test(root, inside, environ.get("ARGS"))


def test(root: pathlib.Path, inside: Dict[str, str], arguments: Optional[str]) -> int:
    """Runs the suite in the root, its unit tests on the installed wheel, then what needs both stacks from this side."""
    given = ["ARGS=" + arguments] if arguments else []
    command = ["make", "test-wheel", "test-e2e", "STACK=" + stacks.NEW.name, *given]
    code = subprocess.call(entering(root, command), env={**inside, SECOND_STACK: "1"})
    if code:
        return code
    both = [str(bootstrap.PROJECT / ".venv/bin/python"), "-m", "pytest", "tests/e2e/test_other_stack.py"]
    return subprocess.call(both, env=dict(os.environ, TAPELINE_OTHER_STACK=str(root)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
