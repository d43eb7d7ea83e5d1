"""A headless Chromium, driven over the WebDriver protocol (W3C) by way of chromedriver; nothing but Python's own library."""

import base64
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request

TAB, ENTER, RIGHT = "\ue004", "\ue007", "\ue014"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Browser:
    """One session; everything the page logs and fetches is kept."""

    def __init__(self, folder):
        self.port = free_port()
        environment = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder, XDG_CACHE_HOME=folder)
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], env=environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        self.session = ""
        until(lambda: self.send("GET", "/status")["ready"], 20)
        options = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900", "--no-first-run",
                   f"--user-data-dir={folder}/profile", "--disable-background-networking", "--disable-component-update"]
        if os.getuid() == 0:
            options.append("--no-sandbox")  # it cannot be had as root
        wanted = {"browserName": "chrome", "unhandledPromptBehavior": "ignore", "goog:chromeOptions": {"args": options},
                  "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.session = "/session/" + self.send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def send(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{self.session}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=40) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def open(self, url):
        self.send("POST", "/url", {"url": url})

    def run(self, script, *values):
        """What a script in the page returns."""
        return self.send("POST", "/execute/sync", {"script": script, "args": list(values)})

    def command(self, name, **values):
        """One of the DevTools' commands."""
        return self.send("POST", "/goog/cdp/execute", {"cmd": name, "params": values})

    def press(self, *keys):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def log(self, kind):
        return self.send("POST", "/se/log", {"type": kind})

    def screen(self, width, height, *, scale=1, is_dark=False):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 500)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path):
        """The whole page as PNG."""
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        clip = dict(x=0, y=0, width=size["width"], height=size["height"], scale=1)
        data = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        try:
            if self.session:
                self.send("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(10)


def until(question, seconds=20):
    """The first answer that is true, or the last one after some seconds."""
    end = time.monotonic() + seconds
    answer = None
    while time.monotonic() < end:
        try:
            answer = question()
        except (OSError, RuntimeError):
            answer = None
        if answer:
            return answer
        time.sleep(0.1)
    return answer
