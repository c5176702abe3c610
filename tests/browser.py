"""A real browser without a window, driven by its own debugging protocol: open a file, press keys, look."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--force-device-scale-factor=1", "--hide-scrollbars", "--remote-debugging-port=0"),
)
PATIENCE = 60
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36, "ArrowUp": 38, "ArrowDown": 40}


def started(tmp_path_factory):
    """Give the tests of a module a browser, as a fixture, or skip them."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if not program:
        pytest.skip("neither Chromium nor Chrome is installed: the page was not tried in a browser")
    browser = Browser(program, tmp_path_factory.mktemp("browser") / "profile")
    yield browser
    browser.close()


class Browser:
    """One browser with one page.

    `requests` and `errors` collect what the page asked for and what went wrong in it since it was last opened.
    """

    def __init__(self, program: str, profile: Path) -> None:
        self.loop = IOLoop(make_current=False)
        self.requests, self.errors, self.loaded, self.number, self.session = [], [], False, 0, {}
        # A group of its own, so that it can be ended with all of its processes.
        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._attach(profile / "DevToolsActivePort")
        except BaseException:
            self.close()
            raise

    def _attach(self, file: Path) -> None:
        end = time.monotonic() + PATIENCE
        while not (file.exists() and len(lines := file.read_text().split()) == 2):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the browser did not start (exit code {self.process.poll()})")
            time.sleep(0.02)
        address = f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        self.socket = self._run(lambda: websocket_connect(address, max_message_size=2**28))
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=page, flatten=True)
        self.session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def _run(self, begin):
        return self.loop.run_sync(begin, timeout=PATIENCE)

    def call(self, method: str, **parameters):
        """Send one command and give its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        self._run(lambda: self.socket.write_message(json.dumps(message | self.session)))
        while (answer := self._next()).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _next(self):
        text = self._run(self.socket.read_message)
        if text is None:
            raise RuntimeError("the browser has gone")
        message = json.loads(text)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, event, told) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.errors.append(str([one.get("value") for one in told["args"]]))
        elif event == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.errors.append(told["entry"]["text"])
        elif event == "Page.loadEventFired":
            self.loaded = True

    def open(self, path: Path, hash: str = "", width: int = 1200, height: int = 900, scripts: bool = True) -> None:
        """Load a file in a window of this size, even if it is shown already."""
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._load("about:blank")
        self.requests, self.errors = [], []
        self._load(path.as_uri() + hash)

    def _load(self, address: str) -> None:
        self.loaded = False
        self.call("Page.navigate", url=address)
        while not self.loaded:
            self._next()

    def evaluate(self, expression: str):
        """Give the value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def press(self, key: str, times: int = 1, shift: bool = False) -> None:
        """Press and release a key, such as "Tab", "Enter", " " or a letter."""
        text = {"text": "\r" if key == "Enter" else key} if key == "Enter" or len(key) == 1 else {}
        code = {"key": key, "code": "Space" if key == " " else key, "modifiers": 8 * shift}
        code |= {"windowsVirtualKeyCode": KEYS[key]} if key in KEYS else {}
        for _ in range(times):
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **code, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def type(self, text: str) -> None:
        """Type a text into what has the focus."""
        for letter in text:
            self.press(letter)

    def click(self, selector: str) -> None:
        """Click with the mouse in the middle of the first element that is shown and that the selector names."""
        x, y = self.evaluate(
            f"""(() => {{
              const one = [...document.querySelectorAll({json.dumps(selector)})].find((e) => e.checkVisibility());
              one.scrollIntoView({{block: "center"}});
              const box = one.getBoundingClientRect();
              return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for event in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=event, x=x, y=y, button="left", clickCount=1)

    def close(self) -> None:
        """End the browser and all processes it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(5)
        self.loop.close()
