"""A headless Chromium, spoken to by the DevTools protocol over pipes."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Chromium reads commands from descriptor 3 and answers on 4.
_START = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page of a browser. Use it as a context manager."""

    def __init__(self, folder: Path, width: int = 1280, height: int = 800) -> None:
        theirs, self._to = os.pipe()
        self._from, answers = os.pipe()
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--no-first-run")
        options += ("--disable-dev-shm-usage", f"--user-data-dir={folder}", f"--window-size={width},{height}")
        command = [sys.executable, "-ISc", _START, str(theirs), str(answers), PROGRAM or "", *options]
        self._process = subprocess.Popen(
            [*command, "--remote-debugging-pipe", "about:blank"],
            pass_fds=(theirs, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(answers)
        self._number, self._rest, self.events, self._session = 0, b"", [], None
        pages = [each for each in self.call("Target.getTargets")["targetInfos"] if each["type"] == "page"]
        attached = self.call("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result; what happens meanwhile is kept in `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 20)
            assert part, "the browser ended"
            self._rest += part
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script: str, seconds: float = 30) -> None:
        """Wait until an expression is true."""
        until = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({script})"):
            assert time.monotonic() < until, f"still not: {script}"
            time.sleep(0.05)

    def open(self, address: str) -> None:
        self.call("Page.navigate", url=address)

    def mouse(self, kind: str, x: float, y: float, buttons: int = 0) -> None:
        count = 0 if kind == "mouseMoved" else 1
        button = "left" if buttons or kind == "mouseReleased" else "none"
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=buttons, clickCount=count)

    def click(self, x: float, y: float) -> None:
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, 1)
        self.mouse("mouseReleased", x, y)

    def drag(self, corners: list[list[float]]) -> None:
        """Draw around an area with the mouse."""
        self.mouse("mouseMoved", *corners[0])
        self.mouse("mousePressed", *corners[0], 1)
        for corner in (*corners[1:], corners[0]):
            self.mouse("mouseMoved", *corner, 1)
        self.mouse("mouseReleased", *corners[0])

    def press(self, selector: str) -> None:
        """Press a button with the keyboard."""
        self.evaluate(f"document.querySelector({selector!r}).focus()")
        self.key("Enter", "\r")

    def key(self, name: str, text: str = "") -> None:
        code = {"Enter": 13, "Tab": 9, "ArrowDown": 40, "Escape": 27}[name]
        about = {"key": name, "code": name, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def choose(self, dropdown: str, option: str) -> None:
        """Choose the option that begins with a text, with the keyboard alone."""
        self.press(f"#{dropdown}")
        self.wait("document.querySelector('.dash-dropdown-content')?.contains(document.activeElement)")
        here = "document.activeElement.closest('[role=option]')?.textContent ?? ''"
        for _ in range(80):
            found = self.evaluate(here)
            if found.startswith(option):
                break
            self.key("ArrowDown")
            self.wait(f"({here}) !== {json.dumps(found)}")  # the focus moves a little later
        self.key("Enter", "\r")
        self.wait(f"document.querySelector('#{dropdown}').textContent.includes({json.dumps(option)})")
        self.key("Escape")  # a choice of several stays open
        self.wait("!document.querySelector('.dash-dropdown-content')")

    def wait_for_file(self, path: Path, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while not path.is_file():
            assert time.monotonic() < until, f"not downloaded: {path}"
            time.sleep(0.05)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def screenshot(self, path: Path, whole: bool = False) -> None:
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))

    def addresses(self) -> list[str]:
        """All addresses that the page has asked for."""
        self.evaluate("1")
        return [
            each["params"]["request"]["url"] for each in self.events if each["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Errors that the page has logged."""
        self.evaluate("1")
        thrown = [each["params"] for each in self.events if each["method"] == "Runtime.exceptionThrown"]
        logged = [
            each["params"]
            for each in self.events
            if each["method"] == "Runtime.consoleAPICalled" and each["params"]["type"] == "error"
        ]
        return [json.dumps(each)[:800] for each in (*thrown, *logged)]
