"""What the disk costs and holds."""

import os
import statistics
import time

SYNC_BYTES = 512


def sync_seconds(folder, count=200):
    """The median time of one small append and its fdatasync, on the file system of `folder`."""
    path = os.path.join(folder, "sync.probe")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        times = []
        for _ in range(count):
            os.write(file, b"x" * SYNC_BYTES)
            began = time.perf_counter()
            os.fdatasync(file)
            times.append(time.perf_counter() - began)
        return statistics.median(times)
    finally:
        os.close(file)
        os.unlink(path)


def bytes_of(folder):
    """Of all files below it."""
    return sum(os.path.getsize(os.path.join(path, name)) for path, _, names in os.walk(folder) for name in names)


def mount_of(folder):
    """The device and the type of the file system that `folder` is on."""
    folder = os.path.realpath(folder)
    best = ("", "?", "?")
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            device, point, kind = line.split()[:3]
            if (folder + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
                best = (point, device, kind)
    return best[1], best[2]
