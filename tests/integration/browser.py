"""Chromium without a screen, for tests that look at pages as people do."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium")  # None where there is none
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
SECONDS = 60  # within which everything happens


class Browser:
    """Chromium, told what to do over a pipe, as its DevTools protocol has it."""

    def __init__(self, *flags):
        self.profile = tempfile.TemporaryDirectory(prefix="kith-chromium-", ignore_cleanup_errors=True)
        reads, self.sink = os.pipe()
        self.source, writes = os.pipe()

        def wire():
            # Beyond those that are given their numbers.
            to, back = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (reads, writes))
            os.dup2(to, 3)
            os.dup2(back, 4)

        self.process = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             f"--user-data-dir={self.profile.name}", f"--user-agent={AGENT}", "--remote-debugging-pipe", *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=wire, close_fds=False)
        os.close(reads)
        os.close(writes)
        self.buffer = b""
        self.number = 0
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    session = None

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.sink, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                some = os.read(self.source, 1 << 20)
                if not some:
                    raise AssertionError("the browser is gone")
                self.buffer += some
            line, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") != self.number:
                continue  # an event
            if "error" in answer:
                raise AssertionError(f"{method}: {answer['error']}")
            return answer["result"]

    def run(self, script, context=None):
        where = {} if context is None else {"contextId": context}
        result = self.ask("Runtime.evaluate", expression=script, returnByValue=True, **where)
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"])
        return result["result"].get("value")

    def open(self, url):
        self.ask("Page.navigate", url=url)
        await_that(lambda: self.run("location.href") == url and self.run("document.readyState") == "complete")

    def frame(self, path):
        """Where scripts run in the frame whose address begins so."""
        def found():
            frames = self.ask("Page.getFrameTree")["frameTree"].get("childFrames", [])
            return next((one["frame"]["id"] for one in frames if path in one["frame"]["url"]), None)
        return self.ask("Page.createIsolatedWorld", frameId=await_that(found))["executionContextId"]

    def picture(self, folder, name):
        """Puts what it shows into the folder, as PNG."""
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        os.close(self.sink)
        os.close(self.source)
        self.profile.cleanup()


def await_that(holds):
    """What it answers, when that is something."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("nothing came of it")
