"""A headless Chromium, told what to do over its DevTools protocol."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import tempfile
import urllib.request

import websocket

from harness import settings
from harness.process import Process, tail
from harness.wait import wait_for

# Root may not have Chromium's sandbox; the page comes from our own process. /dev/shm may be small.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0",
             "--remote-allow-origins=*", "--log-level=3")


class Browser:
    """Use it as a context manager; open() gives tabs."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-",
                                                    ignore_cleanup_errors=True)
        self._process = None

    def __enter__(self):
        program = shutil.which("chromium")
        assert program, "chromium is not installed: ./dev setup"
        command = [program, *ARGUMENTS, f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = Process("chromium", command, self.folder / "chromium.log",
                                env={**os.environ, "TMPDIR": self._profile.name})
        self._port = wait_for(self._read_port, "chromium starts", 30)
        return self

    def _read_port(self):
        assert self._process.running, tail(self.folder / "chromium.log")
        said = pathlib.Path(self._profile.name, "DevToolsActivePort").read_text()
        return said.partition("\n")[0]

    def __exit__(self, *_):
        self._process.stop()
        # What it started ends a moment after it, and writes there until then.
        wait_for(self._profile_is_gone, "chromium leaves nothing behind")

    def _profile_is_gone(self):
        self._profile.cleanup()
        return not pathlib.Path(self._profile.name).exists()

    def open(self, url, **look):
        """A tab that shows `url`; `look`: see Tab.look()."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new?about:blank",
                                         method="PUT")
        with urllib.request.urlopen(request, timeout=20) as answer:
            tab = Tab(json.load(answer)["webSocketDebuggerUrl"])
        tab.look(**look)
        tab.go(url)
        return tab


class Tab:
    """One page, with all that its console said and all that it asked for."""

    def __init__(self, address):
        self._socket = websocket.create_connection(address, timeout=20 * settings.PATIENCE)
        self._last = 0
        self.complaints, self.requests = [], []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._last:
                return self._result(method, message)
            self._note(message)

    def _result(self, method, message):
        """ConnectionError, which is waited out: another page came just now."""
        error = message.get("error")
        if error and "navigated" in error["message"]:
            raise ConnectionError(error["message"])
        assert not error, f"{method}: {error}"
        return message["result"]

    def _note(self, message):
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.complaints.append(parameters["args"])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def look(self, width=1280, height=900, scheme="light", script=True):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)

    def go(self, url):
        self.call("Page.navigate", url=url)
        wait_for(lambda: self.run("document.readyState") == "complete", f"{url} is loaded")

    def run(self, expression):
        """The value of a JavaScript expression; of a promise, what it comes to."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def text(self, selector):
        return self.run(f"(document.querySelector({json.dumps(selector)}) || {{}}).textContent")

    def click(self, element):
        """As a finger does it: where the element, a JavaScript expression, is on the screen."""
        place = self.run(f"(() => {{ const e = {element};"
                         "e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
                         "return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left",
                      clickCount=1)

    def overflow(self):
        """By how many pixels the page is wider than the window."""
        return self.run("document.documentElement.scrollWidth - innerWidth")

    def screenshot(self, path):
        size = self.run("[innerWidth, document.documentElement.scrollHeight]")
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1})
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        with contextlib.suppress(websocket.WebSocketException, OSError):
            self._socket.close()
