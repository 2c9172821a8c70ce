"""A kithd under attack: started on a directory, with what it said and how it ended."""

import os
import signal
import subprocess

from kithd_process import Kithd, NotReady

from .api import Api


class NotStarted(Exception):
    """kithd ended before it was ready, with `code` and what it `said`."""

    def __init__(self, code, said):
        super().__init__(f"kithd ended with {code} before it was ready: {said.strip()[-400:]}")
        self.code = code
        self.said = said


class Stuck(Exception):
    """kithd did not end, or did not answer, in any reasonable time."""


class Server:
    """A context: kithd is gone when it is left."""

    def __init__(self, binary, data, key=None, flags=(), **options):
        """The flags are kithd's, the options those of subprocess.Popen."""
        self.binary = binary
        self.data = data
        # What follows by itself would be written between two looks at the log.
        self.flags = [*flags, "--policies=false"]
        self.options = options
        self.key = key  # None: the one that the first start makes
        self.log = data + ".said"
        self.kithd = None
        self.api = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self, **environment):
        with open(self.log, "wb") as log:
            try:
                self.kithd = Kithd(self.binary, self.data, self.flags, stderr=log, stdin=subprocess.DEVNULL,
                                   start_new_session=True, env={**os.environ, **environment}, **self.options)
            except NotReady as error:
                raise NotStarted(error.code, self.said()) from error
        try:
            self.key = self.key or self.kithd.key
        except FileNotFoundError as error:
            raise Stuck("kithd is ready, and there is no development.key: nobody can use it") from error
        self.api = Api(self.kithd.address, self.key)

    def launch(self):
        """A process that is started and not waited for: it is the caller's to end."""
        return subprocess.Popen([self.binary, "--data", self.data, "--listen", "127.0.0.1:0", "--metrics=",
                                 *self.flags],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def alive(self):
        return self.kithd is not None and self.kithd.process.poll() is None

    def stop(self, sig=signal.SIGTERM):
        """Its exit code; a negative one is the signal that ended it. None where it was not running."""
        if self.kithd is None:
            return None
        if self.api is not None:
            self.api.close()
        kithd, self.kithd = self.kithd, None
        try:
            return kithd.stop(sig)
        except subprocess.TimeoutExpired as error:
            kithd.process.kill()
            kithd.process.wait()
            raise Stuck(f"kithd does not end after SIGTERM: {self.said()[-400:]}") from error

    def tell_to_stop(self):
        """SIGTERM, with calls in flight."""
        self.kithd.process.terminate()

    def strike(self):
        """kill -9 with calls in flight, which fail then."""
        self.kithd.process.kill()

    def kill(self):
        return self.stop(signal.SIGKILL)

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()
