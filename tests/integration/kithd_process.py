"""Starts the real kithd on a port the kernel chooses, for tests that talk to it over gRPC."""

import os
import signal
import subprocess

import grpc


class Kithd:
    """One kithd over one data directory. `restart` and `kill` are for tests of what survives."""

    def __init__(self, binary, data):
        self.binary = binary
        self.data = data
        self.process = None
        self.channel = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "--data", self.data, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("kithd is ready on "):
                self.address = line.split()[-1]
                break
        else:
            raise RuntimeError(f"kithd ended with {self.process.wait()} before it was ready")
        with open(os.path.join(self.data, "development.key"), encoding="utf-8") as file:
            self.key = file.read().strip()
        self.channel = grpc.insecure_channel(self.address)

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
