"""Bench: what every row stands on: the programs, the settings, a temporary folder, and servers that rows share."""

import os
import shutil
import tempfile

from .processes import Processes, ProgramFailed
from .servers import Echo, Kithd


class Bench:
    """A context: what was started ends, and what was written is deleted, when it is left."""

    def __init__(self, programs, out, settings):
        self.programs = programs
        self.settings = settings
        out = os.path.abspath(out)
        os.makedirs(out, exist_ok=True)
        self.short_folders = []
        self.scratch = tempfile.mkdtemp(prefix="data-", dir=out)
        self.processes = Processes(self.scratch)
        self.shared = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.processes.stop_all()
        finally:
            for folder in (self.scratch, *self.short_folders):
                shutil.rmtree(folder, ignore_errors=True)

    def program(self, name):
        path = os.path.join(self.programs, name)
        if not os.path.exists(path):
            raise ProgramFailed(f"{path} is not built")
        return path

    def folder(self, name):
        """A path in the temporary folder that nobody has yet."""
        return tempfile.mkdtemp(prefix=f"{name}-", dir=self.scratch)

    def short_folder(self):
        """One with a short path, for sockets."""
        self.short_folders.append(tempfile.mkdtemp(prefix="kith-bench-"))
        return self.short_folders[-1]

    def share(self, name, make):
        """What several rows use, made by the first of them."""
        if name not in self.shared:
            self.shared[name] = make()
        return self.shared[name]

    def kithd(self):
        """A kithd that began empty, for the rows about calls."""
        return self.share("kithd", lambda: Kithd(self, self.folder("calls")))

    def echo(self):
        return self.share("echo", lambda: Echo(self, self.kithd()))
