"""Starts the real kithd on a port the kernel chooses, for tests that talk to it over gRPC."""

import os
import signal
import subprocess
import threading

import grpc


class NotReady(RuntimeError):
    """kithd ended before it was ready, with `code`; a negative one is the signal that ended it."""

    def __init__(self, code):
        super().__init__(f"kithd ended with {code} before it was ready")
        self.code = code


class Kithd:
    """One kithd over one data directory. `start` and `kill` are for tests of what survives."""

    READY_SECONDS = 120  # one that is neither ready nor at its end by then is ended, by SIGABRT

    def __init__(self, binary, data, flags=(), **options):
        """It tells no metrics unless a flag says where; the options are those of subprocess.Popen."""
        self.binary = binary
        self.data = data
        self.flags = flags
        self.options = options
        self.process = None
        self.channel = None
        self.address = None
        self.told = []  # what it printed until it was ready
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.binary, "--data", self.data, "--listen", "127.0.0.1:0", "--metrics=",
                                         *self.flags],
                                        stdout=subprocess.PIPE, text=True, **self.options)
        self.address = None
        self.told = []
        guard = threading.Timer(self.READY_SECONDS, self.process.send_signal, [signal.SIGABRT])
        guard.start()
        for line in self.process.stdout:
            self.told.append(line)
            if line.startswith("kithd is ready on "):
                self.address = line.split()[-1]
                break
        guard.cancel()
        if self.address is None:
            self.process.stdout.close()
            raise NotReady(self.process.wait())
        self.channel = grpc.insecure_channel(self.address)

    @property
    def key(self):
        with open(os.path.join(self.data, "development.key"), encoding="utf-8") as file:
            return file.read().strip()

    @property
    def metadata(self):
        return (("authorization", f"Bearer {self.key}"),)

    def stop(self, sig=signal.SIGTERM):
        self.channel.close()
        self.process.send_signal(sig)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code

    def kill(self):
        return self.stop(signal.SIGKILL)
