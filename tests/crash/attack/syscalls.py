"""Syscalls: every call of kithd that writes fails once, by its number, with each error that it can have.

A life is one kithd from its start to its end on SIGTERM, with a load in between: the first life of a directory, and a
later one, on a directory that was killed several times. It is run once to count its calls. Then each of them is tried:
the server goes on, or ends; and a start after it, without failures, has everything that was acknowledged.
"""

import collections
import dataclasses
import os
import random
import shutil
import time

from kith.contacts.v1 import contacts_service_pb2

from .audit import History, audit
from .failing import CALLS, ERRORS, FailingCalls
from .files import kind_of
from .ledger import Ledger, send
from .load import Load
from .sampling import sample_of
from .scoreboard import Scoreboard
from .server import NotStarted, Server, Stuck
from .world import World

WRITERS = 4
STEPS = 12  # of each writer in the life under attack
GOES_ON_SECONDS = 60  # a server that is alive takes a write again by then
KILLS_BEFORE = 4  # of the directory of a later life, so that files of the log are merged in it


@dataclasses.dataclass
class Past:
    """A directory and what is known of it, to be copied for each try."""

    data: str
    ledger: Ledger
    world: World
    history: History
    key: str

    def copy(self, folder):
        data = os.path.join(folder, "data")
        if os.path.exists(self.data):
            shutil.copytree(self.data, data)
        return dataclasses.replace(self, data=data, ledger=self.ledger.copy(), world=self.world.copy(),
                                   history=self.history.copy())


def make_past(kithd, folder, seed, kills):
    """A directory with a history of loads, each ended by kill -9; with no kills one that is yet to be made."""
    past = Past(os.path.join(folder, "data"), Ledger(), World(), History(), None)
    if kills == 0:
        return past
    rng = random.Random(seed)
    with Server(kithd, past.data) as server:
        for number in range(kills):
            server.start()
            load = Load(f"{seed}.past{number}", server.api, past.ledger, past.world, WRITERS)
            load.start(steps=25)
            load.join()
            server.kill()
        server.start()
        wrong = audit(server, past.ledger, past.history, rng)
        if wrong:
            raise RuntimeError(f"nothing failed yet, and this is wrong: {wrong[:3]}")
        server.kill()
        past.key = server.key
    return past


class Try:
    """One life with one failing call, and the start after it."""

    def __init__(self, kithd, library, past, folder, seed):
        self.past = past.copy(folder)
        self.folder = folder
        self.library = library
        self.rng = random.Random(seed)
        self.server = Server(kithd, self.past.data, past.key)
        self.ending = "went on"
        self.trace = []

    def run(self, call):
        """(how it ended, the file that it was about, what is wrong)."""
        failing = FailingCalls(self.library, self.past.data, os.path.join(self.folder, "page"), call)
        with self.server:
            try:
                self.live(failing)
                path = failing.failed
                self.trace = failing.trace if call is None else []
                wrong = self.look_after()
            except (NotStarted, Stuck) as error:
                path, wrong = failing.failed, [error]
        if wrong:
            return "failed", path, wrong
        return self.ending if path is not None or call is None else "not reached", path, []

    def live(self, failing):
        """Start, load, stop: each may end the server."""
        try:
            self.server.start(**failing.environment)
        except NotStarted as error:
            self.ending = "ended"
            if error.code >= 0 and not error.said.strip().split("\n")[-1].startswith("kithd: "):
                raise
            return
        load = Load("now", self.server.api, self.past.ledger, self.past.world, WRITERS)
        load.start(steps=STEPS)
        load.join()
        if self.server.alive:
            self.goes_on()
        code = self.server.stop()
        if code not in (0, -6):
            raise Stuck(f"kithd ended with {code}: {self.server.said()[-400:]}")
        if code != 0:
            self.ending = "ended"

    def goes_on(self):
        """Alive, it takes a write and answers a list, soon."""
        end = time.monotonic() + GOES_ON_SECONDS
        number = 0
        while self.server.alive:
            number += 1
            create = contacts_service_pb2.CreateContactRequest(request_id=f"probe-{number}")
            create.contact.first_name = "Probe"
            told = send(self.server.api, "CreateContact", create)
            self.past.ledger.note(told)
            listed = self.server.api.call("ListContacts")
            if told.answer.ok and listed.ok:
                return
            if time.monotonic() > end and self.server.alive:
                raise Stuck(f"kithd is alive, and after {GOES_ON_SECONDS} s answers: {told.answer}; {listed}")
            time.sleep(0.05)

    def look_after(self):
        """A start without failures has everything. To refuse it is not enough: one failed call destroys nothing."""
        self.server.start()
        return audit(self.server, self.past.ledger, self.past.history, self.rng, repeats=40)


@dataclasses.dataclass
class Failure:
    """A call that is to fail."""

    life: str
    call: str
    number: int
    error: str
    kind: str  # of the file that it was about when calls were counted: their order is not quite the same each time

    @property
    def plan(self):
        return f"{self.call}:{self.number}:{self.error}"

    @property
    def name(self):
        return f"{self.life} {self.plan} {self.kind}"

    @property
    def row(self):
        return f"{self.call} {self.error}"

    def holds_data(self):
        """A write, or the sync of it, by which something is acknowledged."""
        return self.kind in ("log/*.log", "keys") and self.call in ("write", "pwrite", "fsync", "fdatasync")


def failures_of(life, trace):
    """Every call of a life, with each of its errors."""
    return [Failure(life, call, number, error, kind_of(path)) for call, number, path in sorted(trace)
            for error in ERRORS[call]]


def run(kithd, library, out, seed, sample, wanted):
    board = Scoreboard("a failing call", ["went on", "ended", "not reached"])
    pasts, failures = {}, []
    for life, kills in (("first", 0), ("later", KILLS_BEFORE)):
        folder = os.path.join(out, life)
        os.makedirs(os.path.join(folder, "count"))
        pasts[life] = make_past(kithd, folder, f"{seed}.{life}", kills)
        counting = Try(kithd, library, pasts[life], os.path.join(folder, "count"), f"{seed}.{life}.count")
        _, _, wrong = counting.run(None)
        if wrong:
            board.fail("counting", life, wrong)
            return board.show()
        counts = collections.Counter(call for call, _, _ in counting.trace)
        print(f"{life} life: " + ", ".join(f"{counts[call]} {call}" for call in CALLS if counts[call]), flush=True)
        failures += [failure for failure in failures_of(life, counting.trace) if wanted(failure.name)]
    for failure in sample_of(failures, sample, lambda failure: (failure.row, failure.kind), Failure.holds_data,
                             random.Random(seed)):
        attempt(kithd, library, out, seed, board, failure, pasts[failure.life])
    return board.show()


def attempt(kithd, library, out, seed, board, failure, past):
    folder = os.path.join(out, failure.life, failure.plan.replace(":", "-"))
    os.makedirs(folder)
    ending, path, wrong = Try(kithd, library, past, folder, f"{seed}.{failure.name}").run(failure.plan)
    if wrong:
        board.fail(failure.row, f"{failure.life} {failure.plan} of {path}; its data is kept in {folder}", wrong)
        return
    board.note(failure.row, ending)
    if ending != "not reached":
        board.note(failure.row, "held")
    shutil.rmtree(folder)
