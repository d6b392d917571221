"""Finds uv, which installs everything else, or installs it into the project folder.

    get_uv(pathlib.Path(".uv"), os.environ)     # Found(path="/usr/local/bin/uv", reason="")

A version that fits on PATH is used as it is. Otherwise the version in `uv-requirements.txt` is brought, checked
against the hashes there: by pip where there is one, by the pip of a fresh virtual environment, or, on a Python that
has neither, as a wheel read straight from the package index.
"""

import configparser
import hashlib
import html.parser
import io
import os
import pathlib
import platform
import re
import shutil
import sys
import urllib.parse
import urllib.request
import zipfile
from typing import Callable, Iterator, List, Mapping, NamedTuple, Optional

import processes

MINIMUM = (0, 5)
REQUIREMENTS = pathlib.Path(__file__).with_name("uv-requirements.txt")
PYPI = "https://pypi.org/simple"
ANSWER_SECONDS = 20
INSTALL_SECONDS = 180
READ_SECONDS = 30


class Found(NamedTuple):
    """Where uv is, or why it could not be had."""

    path: Optional[str]
    reason: str


def get_uv(
    folder: pathlib.Path, environ: Mapping[str, str], *, run: Callable[..., processes.Outcome] = processes.run
) -> Found:
    """Returns a uv that works, installed into `folder` if need be."""
    installed = folder / "bin" / "uv"
    for path in (shutil.which("uv", path=environ.get("PATH", "")), str(installed)):
        if path and is_usable(path, run):
            return Found(path, "")
    shutil.rmtree(str(folder), ignore_errors=True)
    reasons = []
    for pip in pips(folder, environ, run):
        outcome = run(pip_command(pip, folder), timeout=INSTALL_SECONDS, environ=pip_environment(environ))
        if outcome.ok and is_usable(str(installed), run):
            return Found(str(installed), "")
        reasons.append(outcome.last_line)
    try:
        download(installed, index=index_url(environ))
    except (OSError, ValueError) as error:
        reasons.append(str(error))
    else:
        if is_usable(str(installed), run):
            return Found(str(installed), "")
    return Found(None, reasons[-1] if reasons else "the uv that was installed does not start")


def is_usable(path: str, run: Callable[..., processes.Outcome]) -> bool:
    """Whether this is a uv that starts and is new enough."""
    outcome = run([path, "--version"], timeout=ANSWER_SECONDS)
    version = re.match(r"uv (\d+)\.(\d+)", outcome.output)
    return outcome.ok and version is not None and (int(version.group(1)), int(version.group(2))) >= MINIMUM


def pips(
    folder: pathlib.Path, environ: Mapping[str, str], run: Callable[..., processes.Outcome]
) -> Iterator[List[str]]:
    """Yields the commands that are a pip: this Python's own, then one of a fresh virtual environment."""
    own = [sys.executable, "-m", "pip"]
    if run([*own, "--version"], timeout=ANSWER_SECONDS, environ=environ).ok:
        yield own
    fresh = folder / "pip"
    if run([sys.executable, "-m", "venv", str(fresh)], timeout=INSTALL_SECONDS, environ=environ).ok:
        yield [str(fresh / "bin" / "python"), "-m", "pip"]


def pip_command(pip: List[str], folder: pathlib.Path) -> List[str]:
    """Writes the command that puts uv under `folder` and leaves the rest of the system alone."""
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--retries", "2"]
    return [*pip, "install", *options, "--target", str(folder), "-r", str(REQUIREMENTS)]


def pip_environment(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Switches off what stands in the way of `--target`: an externally managed Python, `user` and `require-virtualenv`.

    As variables and not as options, because a pip too old to know one ignores it.
    """
    return dict(environ, PIP_BREAK_SYSTEM_PACKAGES="1", PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")


def pip_setting(name: str, environ: Mapping[str, str]) -> Optional[str]:
    """Reads a setting (`"index-url"`) as pip would: from the environment, else from pip's configuration files."""
    value = environ.get("PIP_" + name.upper().replace("-", "_"))
    home = environ.get("HOME", "")
    user = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    files = [
        "/etc/pip.conf",
        os.path.join(home, ".pip", "pip.conf"),
        os.path.join(user, "pip", "pip.conf"),
        environ.get("PIP_CONFIG_FILE", ""),
    ]
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read([path for path in files if path])  # later files win, as in pip
    except (configparser.Error, UnicodeDecodeError):
        return value
    for section in ("install", "global"):
        value = value or parser.get(section, name, fallback=None)
    return value


def index_url(environ: Mapping[str, str]) -> str:
    """Returns the package index that pip is set to use."""
    return (pip_setting("index-url", environ) or PYPI).rstrip("/")


def uv_environment(environ: Mapping[str, str]) -> "dict[str, str]":
    """Passes pip's index and certificates on to uv, which reads none of pip's settings; uv's own settings win."""
    result = dict(environ)
    index, certificate = pip_setting("index-url", environ), pip_setting("cert", environ)
    if index and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(environ):
        result["UV_INDEX_URL"] = index
    if certificate and "SSL_CERT_FILE" not in environ:
        result["SSL_CERT_FILE"] = certificate
    return result


class Links(html.parser.HTMLParser):
    """Collects the links of a page of the simple package index (PEP 503)."""

    def __init__(self) -> None:
        super().__init__()
        self.links = []  # type: List[str]

    def handle_starttag(self, tag: str, attrs: "list[tuple[str, Optional[str]]]") -> None:
        if tag == "a":
            self.links.extend(value for name, value in attrs if name == "href" and value)


def wheel_link(links: List[str], version: str, machine: str, musl: bool) -> str:
    """Picks uv's wheel for this machine from an index page's links.

    Raises:
      ValueError: there is none.
    """
    libc = "musllinux" if musl else "manylinux"
    for link in links:
        name = urllib.parse.urlparse(link).path.rsplit("/", 1)[-1]
        platforms = name[: -len(".whl")].split("-")[-1].split(".")
        right = any(tag.startswith(libc) and tag.endswith("_" + machine) for tag in platforms)
        if name.startswith(f"uv-{version}-") and name.endswith(".whl") and right:
            return link
    raise ValueError(f"the package index has no wheel of uv {version} for {libc} {machine}")


def download(target: pathlib.Path, *, index: str) -> None:
    """Reads uv's wheel from the package index, checks its hash and unpacks the program.

    Raises:
      OSError: the index cannot be reached.
      ValueError: it has no fitting wheel, or one with another content than the pinned one.
    """
    pinned = REQUIREMENTS.read_text()
    version = re.search(r"^uv==([\d.]+)", pinned, re.MULTILINE).group(1)  # type: ignore[union-attr]
    page_url = index + "/uv/"
    page = Links()
    page.feed(read(page_url).decode(errors="replace"))
    link = wheel_link(page.links, version, platform.machine(), musl=not platform.libc_ver()[0])
    content = read(urllib.parse.urljoin(page_url, link).split("#")[0])
    digest = hashlib.sha256(content).hexdigest()
    if digest not in re.findall(r"sha256:([0-9a-f]{64})", pinned):
        raise ValueError(f"uv {version} from {index} has sha256 {digest}, which {REQUIREMENTS.name} does not list")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name("uv.partial")
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        partial.write_bytes(wheel.read(f"uv-{version}.data/scripts/uv"))
    partial.chmod(0o755)
    partial.replace(target)  # whole or not at all


def read(url: str) -> bytes:
    """Reads a URL whole."""
    request = urllib.request.Request(url, headers={"Accept": "text/html, */*"})
    with urllib.request.urlopen(request, timeout=READ_SECONDS) as response:
        return bytes(response.read())
