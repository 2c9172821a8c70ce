"""Kith and the bare echo, as processes of their own, and `kith bench` against either."""

import glob
import json
import os
import re
import shutil
import types


class Kithd:
    """One kithd over one data directory."""

    def __init__(self, bench, data, name="kithd", program="kithd"):
        self.bench = bench
        self.data = data
        self.name = name
        self.program = program
        self.start()

    def start(self):
        self.process, self.address = self.bench.processes.start(
            self.name, [self.bench.program(self.program), "--data", self.data, "--listen", "127.0.0.1:0",
                        "--http", "127.0.0.1:0", "--metrics="],
            ready="kithd is ready on ")
        with open(os.path.join(self.data, "development.key"), encoding="utf-8") as file:
            self.key = file.read().strip()

    def as_user(self, user):
        """The same, called with a key of a user that may what the user's roles let them."""
        words = ["api-keys", "create", "--display-name", user, "--user", user, "--permissions", "*", "--json",
                 "--address", self.address, "--key", self.key]
        made = json.loads(self.bench.processes.run([self.bench.program("kith"), *words]))
        return types.SimpleNamespace(address=self.address, key=made["secret"])

    def http_address(self):
        """Where it answers over HTTP, as the last of its starts has told."""
        with open(os.path.join(self.bench.processes.logs, f"{self.name}.log"), encoding="utf-8") as log:
            return "127.0.0.1:" + re.findall(r'"http_port":(\d+)', log.read())[-1]

    def stop(self):
        self.bench.processes.stop(self.process)

    def drop(self):
        """Ends it and deletes its data."""
        self.stop()
        shutil.rmtree(self.data)

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def processor_seconds(self, threads=None):
        """What the process took so far, or what those of its threads took whose names begin with one of `threads`."""
        if threads is None:
            with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
                fields = stat.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        nanoseconds = 0
        for task in glob.glob(f"/proc/{self.process.pid}/task/*"):
            with open(os.path.join(task, "comm"), encoding="utf-8") as name:
                if not name.read().startswith(tuple(threads)):
                    continue
            with open(os.path.join(task, "schedstat"), encoding="utf-8") as stat:
                nanoseconds += int(stat.read().split()[0])
        return nanoseconds / 1e9


class Echo:
    """The bare echo, answering what `kithd` answers."""

    def __init__(self, bench, kithd):
        self.process, self.address = bench.processes.start(
            "echo", [bench.program("echo_server"), kithd.address, kithd.key], ready="echo is ready on ")
        self.processes = bench.processes
        self.key = ""

    def stop(self):
        self.processes.stop(self.process)


def load_command(bench, server, kind, **options):
    """The words of `kith bench`; options are its flags, with underscores, and True for one without a value."""
    flags = {"seconds": bench.settings.seconds, "warm_up": bench.settings.warm_up,
             "contacts": bench.settings.contacts, **options}
    words = [bench.program("kith"), "bench", kind, "--json", "--address", server.address, "--key", server.key or "none"]
    for flag, value in flags.items():
        words += [f"--{flag.replace('_', '-')}", *([] if value is True else [str(value)])]
    return words


def http_load(bench, server, encoding, connections):
    """What http_load measures of GetContact over HTTP, in "json" or "proto", or of CaptureInteraction ("capture"): its
    JSON."""
    settings = bench.settings
    return json.loads(bench.processes.run([bench.program("http_load"), server.http_address(), server.key, encoding,
                                           *map(str, (connections, settings.contacts, settings.warm_up, settings.seconds))]))


def form_load(bench, server, path, connections, text_bytes):
    """What http_load measures of posts to the page of a form, each by somebody else: its JSON."""
    settings = bench.settings
    return json.loads(bench.processes.run([bench.program("http_load"), server.http_address(), path, "form",
                                           *map(str, (connections, text_bytes, settings.warm_up, settings.seconds))]))


def load(bench, server, kind, **options):
    """What `kith bench` measures: its JSON. A call that fails fails the row."""
    return json.loads(bench.processes.run(load_command(bench, server, kind, **options)))
