"""The machine a result holds for."""

import os
import platform
import subprocess

from . import disk

PACKAGES = ["g++", "librocksdb-dev", "libgrpc++-dev", "libprotobuf-dev", "libjemalloc2", "postgresql-15"]


def describe(bench):
    device, kind = disk.mount_of(bench.scratch)
    return {
        "cpu": field("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(field("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "disk": device,
        "file_system": kind,
        "fdatasync_ms": round(disk.sync_seconds(bench.scratch) * 1000, 3),
        "versions": versions(),
        "commit": commit(os.path.dirname(os.path.abspath(__file__))),
    }


def field(path, name):
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return "?"


def versions():
    found = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES], capture_output=True,
                           text=True, check=False).stdout
    return dict(line.split(" ", 1) for line in found.splitlines() if " " in line and not line.endswith(" "))


def commit(folder):
    def git(*words):
        return subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=False).stdout.strip()
    return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain") else "")
