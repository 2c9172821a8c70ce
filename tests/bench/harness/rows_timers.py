"""The row about timers: how late they fire where many wait, and what waiting costs."""

import datetime
import json
import os
import time

from . import worlds
from .results import Result, Row
from .rounds import Sample
from .servers import Kithd

BATCH = 500  # tasks in a call
AHEAD_SECONDS = 20  # of the first that is due, so that all are made before
IDLE_SECONDS = 10
IDLE_LOOKS = 4  # RocksDB tidies up for a while after so much was written


def instant(text):
    """Seconds of a time with or without a fraction of a second."""
    whole, _, rest = text.rstrip("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{rest or 0}")


def batches(count, begin, seconds):
    """Requests that make tasks whose reminders come evenly within `seconds` from `begin` on, each when it is due."""
    for first in range(0, count, BATCH):
        requests = []
        for i in range(first, min(count, first + BATCH)):
            due = datetime.datetime.fromtimestamp(begin + i * seconds / count, datetime.timezone.utc)
            requests.append({"task": {"displayName": "Due", "dueTime": due.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                                      "reminders": ["0s"]}})
        yield {"requests": requests, "returnPartialSuccess": True}


def idle_share(kithd):
    """Of one core, while nobody calls: the least that was seen."""
    shares = []
    for _ in range(IDLE_LOOKS):
        before = kithd.processor_seconds()
        time.sleep(IDLE_SECONDS)
        shares.append((kithd.processor_seconds() - before) / IDLE_SECONDS)
    return min(shares)


def due_timers(bench):
    settings = bench.settings
    empty = Kithd(bench, os.path.join(bench.folder("timers-none"), "data"), "timers-none")
    share_of_none = idle_share(empty)
    empty.drop()
    kithd = worlds.serve(bench, "timers", worlds.fill(bench, "timers", tasks=settings.waiting_timers)[0])
    words = ["--address", kithd.address, "--key", kithd.key]
    share = idle_share(kithd)
    begin, seconds = time.time() + AHEAD_SECONDS, 60 if settings.due_timers > 1000 else 5
    for batch in batches(settings.due_timers, begin, seconds):
        bench.processes.run([bench.program("kith"), "tasks", "batch-create", "--data", json.dumps(batch), *words])
    made_late = time.time() > begin
    late = []
    deadline = begin + seconds + 60
    while len(late) < settings.due_timers and time.time() < deadline:
        time.sleep(max(1.0, begin + seconds + 2 - time.time()))
        told = bench.processes.run([bench.program("kith"), "events", "--type", "task_reminder_due", "--all", "--json",
                                    *words])
        late = sorted(lateness(told))
    kithd.drop()
    if len(late) < settings.due_timers:
        return [Result.failed(f"{len(late)} of {settings.due_timers} timers fired")]
    note = "some were made after they were due" if made_late else ""
    p99 = late[int(len(late) * 0.99)]
    return [Result.at_most(f"{settings.due_timers:,} timers due in {seconds} s, while {settings.waiting_timers:,} wait: "
                           "99th percentile of lateness", 1000, Sample([p99 * 1000]), unit="ms", note=note,
                           detail=f"median {late[len(late) // 2] * 1000:.0f} ms", numbers={"late_seconds": late[::100]}),
            Result.reported("of a core, idle, with those that wait", Sample([share]),
                            detail=f"{share_of_none:.4f} with none")]


def lateness(text):
    """Of each event the time from when it was to be said until it was recorded."""
    for line in text.splitlines():
        event = json.loads(line)
        yield instant(event["record_time"]) - instant(event["payload"]["remind_time"])


ROWS = [Row("S20", "timers", due_timers)]
