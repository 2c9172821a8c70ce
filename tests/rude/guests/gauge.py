"""Gauge: what a process holds, read from /proc."""

import os


class Gauge:
    """Of one process, which is ours."""

    def __init__(self, pid):
        self.folder = f"/proc/{pid}"

    def forget(self):
        """The peak of memory begins anew."""
        with open(f"{self.folder}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def _mib(self, name):
        with open(f"{self.folder}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) >> 10
        raise ValueError(name)

    def memory(self):
        """MiB that are resident now."""
        return self._mib("VmRSS")

    def peak(self):
        """The most MiB that were resident since `forget`."""
        return self._mib("VmHWM")

    def sockets(self):
        """How many of its descriptors are sockets: files come and go with the load."""
        count = 0
        for name in os.listdir(f"{self.folder}/fd"):
            try:
                count += os.readlink(f"{self.folder}/fd/{name}").startswith("socket:")
            except FileNotFoundError:
                pass
        return count
