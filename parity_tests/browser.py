"""A headless Chromium, driven over its debugging pipe: no driver and no package is needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

#: The browser reads commands from its handle 3 and answers on 4.
_START = """
import fcntl, os, sys
reading, writing = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(reading, 3)
os.dup2(writing, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def chromium() -> str | None:
    """The browser's program; None if there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser(AbstractContextManager["Browser"]):
    """One page of a browser.

    Attributes:
        complaints: exceptions, console errors and whatever the page's policy blocked.
    """

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        self._stack = ExitStack()
        self._number = 0
        self.complaints: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._size = width, height

    def __enter__(self) -> Browser:
        program = chromium()
        if program is None:
            raise OSError("chromium: not installed; a browser")
        with ExitStack() as begun:
            self._begin(program, begun)
            self._stack = begun.pop_all()
        return self

    def _begin(self, program: str, stack: ExitStack) -> None:
        profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        to_browser, from_us = os.pipe()
        to_us, from_browser = os.pipe()
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
                   f"--user-data-dir={profile}", "--no-first-run", "--disable-background-networking"]  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(to_browser), str(from_browser), program, *options, "about:blank"],
            pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        stack.callback(self._end)
        self._out = stack.enter_context(os.fdopen(from_us, "wb", 0))
        self._in = stack.enter_context(os.fdopen(to_us, "rb"))
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        width, height = self._size
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()

    def _send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise OSError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _receive(self) -> dict[str, Any]:
        received = bytearray()
        while (byte := self._in.read(1)) != b"\0":
            if not byte:
                raise OSError("chromium: ended")
            received += byte
        message: dict[str, Any] = json.loads(received)
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])
        elif method is not None:
            self._events.append(message)
        return message

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """A command to the page."""
        return self._send(method, self._session, **params)

    def open(self, url: str) -> None:
        """Go to a page and wait until it has loaded."""
        self._events.clear()
        self.send("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._receive()

    def requested(self) -> list[str]:
        """The addresses that were asked for since :meth:`open`."""
        return [
            event["params"]["request"]["url"]
            for event in self._events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def evaluate(self, script: str) -> Any:
        """The value of a script in the page; None if the page went to another meanwhile, as a click makes it."""
        try:
            answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        except OSError as error:
            if "navigated" in str(error):
                return None
            raise
        return answer["result"].get("value")

    def wait_for(self, script: str, seconds: float = 10) -> Any:
        """The value of a script, as soon as it is true.

        Raises:
            OSError: it was not within the time.
        """
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(script)):
            if time.monotonic() > deadline:
                raise OSError(f"{script}: not within {seconds} s")
            time.sleep(0.05)
        return value

    def picture(self, path: Path) -> None:
        """A picture of the whole page."""
        found = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(found["data"]))
