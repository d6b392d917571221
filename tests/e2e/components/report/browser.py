"""A real browser, driven through its debugging pipe: real pointers, and every error and every request it makes.

Chromium reads commands from file descriptor 3 and writes answers and events to 4, JSON with a zero byte at the end
(`--remote-debugging-pipe`): the Chrome DevTools Protocol without a port and without a library.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
# Nothing but the page itself: no network, no first-run windows, no GPU.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr"),
)
_PATIENCE = 60.0
_START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Tab:
    """One page of a browser.

    Attributes:
        errors: What scripts threw and what the console said.
        requests: Addresses that the page asked for, but for those inside it (`data:`).
    """

    def __init__(self, commands: int, answers: int) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._commands, self._answers = commands, answers
        self._rest = b""
        self._count = 0
        self._session: dict[str, str] = {}
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._session = {"sessionId": session}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, page: pathlib.Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        """Opens a page, and waits until its charts are drawn."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._ask("Page.navigate", url=page.as_uri())
        self.wait_for("document.readyState === 'complete'")
        self.requests = [url for url in self.requests if url != page.as_uri()]

    def run(self, expression: str) -> Any:
        """Returns the value of an expression in the page."""
        found = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Waits until an expression in the page is true."""
        end = time.monotonic() + _PATIENCE
        while not self.run(expression):
            assert time.monotonic() < end, f"never came true: {expression}"
            time.sleep(0.02)

    def middle_of(self, selector: str, *, across: float = 0.5) -> tuple[float, float]:
        """Scrolls an element into sight and returns a place in it."""
        found = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; })()"
        )
        left, top, width, height = found
        return left + across * width, top + height / 2

    def mouse(self, kind: str, place: tuple[float, float]) -> None:
        """Moves, presses or releases the pointer: `mouseMoved`, `mousePressed`, `mouseReleased`."""
        held = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
        self._ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], **held)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draws the pointer from one place to another with its button held."""
        self.mouse("mouseMoved", start)
        self.mouse("mousePressed", start)
        for step in range(1, 6):
            x, y = (a + (b - a) * step / 5 for a, b in zip(start, end, strict=True))
            self._ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, button="left", buttons=1)
        self.mouse("mouseReleased", end)

    def key(self, name: str) -> None:
        """Presses a key, such as `ArrowRight`."""
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=name, code=name)

    def scripts(self, *, run: bool) -> None:
        """Lets scripts of pages run, or not."""
        self._ask("Emulation.setScriptExecutionDisabled", value=not run)

    def picture(self, *, whole: bool = False) -> str:
        """Returns what is seen, or the whole page, as PNG in base64."""
        found: str = self._ask("Page.captureScreenshot", captureBeyondViewport=whole, **self._clip(whole))["data"]
        return found

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters, **self._session}
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self._commands, text) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer.get("method", ""), answer.get("params", {}))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._answers, 1 << 20)
            assert part, "the browser has gone"
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _note(self, event: str, told: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(told["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled":
            self.errors.append(json.dumps(told["args"]))
        elif event == "Log.entryAdded":
            self.errors.append(told["entry"]["text"])
        elif event == "Network.requestWillBeSent" and not told["request"]["url"].startswith("data:"):
            self.requests.append(told["request"]["url"])


@contextlib.contextmanager
def new_tab(folder: pathlib.Path) -> Iterator[Tab]:
    """Starts a browser with a profile in a folder, and ends it."""
    assert BROWSER is not None
    theirs_in, commands = os.pipe()
    answers, theirs_out = os.pipe()
    # Away from 3 and 4, where the browser wants its ends.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
    browser = [BROWSER, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}"]
    command = [sys.executable, "-S", "-c", _START, *map(str, ends), *browser]
    process = subprocess.Popen(command, pass_fds=ends, stderr=subprocess.DEVNULL)
    for end in (theirs_in, theirs_out, *ends):
        os.close(end)
    try:
        yield Tab(commands, answers)
    finally:
        process.kill()
        process.wait()
        os.close(commands)
        os.close(answers)
