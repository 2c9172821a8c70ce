"""Data directories with a past: logs made long by log_fill, and kithds over them."""

import json
import os
import time

from .processes import ProgramFailed
from .servers import Kithd

VIEWS_TIMEOUT_SECONDS = 3600


def fill(bench, name, **counts):
    """A data directory whose log was filled, and what log_fill says about its phases."""
    data = os.path.join(bench.folder(name), "data")
    Kithd(bench, data, name).stop()  # makes the workspace
    words = [bench.program("log_fill"), f"--data={data}", *(f"--{flag}={count}" for flag, count in counts.items())]
    return data, json.loads(bench.processes.run(words))


def filled_user(number):
    """The name of a user that log_fill makes where it makes a team: from 0 on, and after the owners their manager."""
    return f"users/01J0000000000000000000{number:04}"


def serve(bench, name, data):
    """A kithd over it, when every view is there."""
    kithd = Kithd(bench, data, name)
    await_views(bench, kithd)
    return kithd


def await_views(bench, kithd):
    """A read of now waits for its view, but not for ever: so it is repeated."""
    until = time.monotonic() + VIEWS_TIMEOUT_SECONDS
    for words in (["contacts", "list", "--limit", "1"], ["deals", "list", "--limit", "1"], ["board"],
                  ["forecast", "--from", "2027-01-01", "--to", "2027-12-31"], ["timeline", "deals/none"],
                  ["policies", "list"]):
        while True:
            command = [bench.program("kith"), *words, "--address", kithd.address, "--key", kithd.key]
            try:
                bench.processes.run(command)
                break
            except ProgramFailed as error:
                if "NOT_FOUND" in str(error):
                    break
                if time.monotonic() > until:
                    raise


def mixed(events):
    """The counts of a log as a company has: mostly interactions, some contacts, a few deals that change."""
    contacts, deals = max(1, events // 50), max(1, events // 50)
    changes = events // 25
    return {"contacts": contacts, "deals": deals, "changes": changes,
            "interactions": events - contacts - deals - changes}


def half_of(phases, phase):
    """The ways to name the moment at which a phase had ended: by sequence and by time."""
    return {"by sequence": f"@{phases[phase]['sequence']}", "by time": phases[phase]["time"]}
