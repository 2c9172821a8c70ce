"""Syscalls: every call of kithd that writes fails once, by its number, with each error that it can have.

A life is one kithd from its start to its end on SIGTERM, with a load in between: the first life of a directory, and a
later one, on a directory that was killed several times. It is run once to count its calls. Then each of them is tried:
the server goes on, or ends; and a start after it, without failures, has everything that was acknowledged.
"""

import dataclasses
import os
import random
import re
import shutil
import time

from kith.contacts.v1 import contacts_service_pb2

from .audit import History, audit
from .failing import CALLS, ERRORS, FailingCalls
from .ledger import Ledger, send
from .load import Load
from .scoreboard import Scoreboard
from .server import NotStarted, Server, Stuck
from .world import World

WRITERS = 4
STEPS = 12  # of each writer in the life under attack
GOES_ON_SECONDS = 30  # a server that is alive takes a write again by then
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
        self.seed = seed
        self.server = Server(kithd, self.past.data, past.key)
        self.ending = "went on"

    def run(self, call):
        """(how it ended, the file that it was about, what is wrong)."""
        failing = FailingCalls(self.library, self.past.data, os.path.join(self.folder, "page"), call)
        with self.server:
            try:
                self.live(failing)
                path = failing.failed
                self.counts = failing.counts
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
        load = Load(f"{self.seed}.now", self.server.api, self.past.ledger, self.past.world, WRITERS)
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
            create = contacts_service_pb2.CreateContactRequest(request_id=f"{self.seed}.probe-{number}")
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
        """A start without failures has everything, or names what is missing."""
        try:
            self.server.start()
        except NotStarted as error:
            if re.search(r"\d+ to \d+", error.said):
                self.ending = "refused"
                return []
            raise
        return audit(self.server, self.past.ledger, self.past.history, self.rng, repeats=40)


def calls_of(counts):
    """Every call of a life, with each of its errors."""
    return [f"{call}:{number}:{error}" for call in CALLS for number in range(1, counts[call] + 1)
            for error in ERRORS[call]]


def spread(items, most):
    """So many of them, evenly."""
    if most is None or len(items) <= most:
        return items
    return [items[int((i + 0.5) * len(items) / most)] for i in range(most)]


def run(kithd, library, out, seed, sample, wanted):
    board = Scoreboard("a failing call", ["went on", "ended", "refused", "not reached"])
    tries = []
    for life, kills in (("first", 0), ("later", KILLS_BEFORE)):
        folder = os.path.join(out, life)
        os.makedirs(os.path.join(folder, "count"))
        past = make_past(kithd, folder, f"{seed}.{life}", kills)
        counting = Try(kithd, library, past, os.path.join(folder, "count"), f"{seed}.{life}.count")
        _, _, wrong = counting.run(None)
        if wrong:
            board.fail("counting", life, wrong)
            return board.show()
        print(f"{life} life: " + ", ".join(f"{number} {call}" for call, number in counting.counts.items() if number),
              flush=True)
        tries += [(life, past, call) for call in calls_of(counting.counts) if wanted(f"{life} {call}")]
    tries = spread(tries, sample)
    for life, past, call in tries:
        attempt(kithd, library, out, seed, board, life, past, call)
    return board.show()


def attempt(kithd, library, out, seed, board, life, past, call):
    name, number, error = call.split(":")
    folder = os.path.join(out, life, f"{name}-{number}-{error}")
    os.makedirs(folder)
    ending, path, wrong = Try(kithd, library, past, folder, f"{seed}.{life}.{call}").run(call)
    row = f"{name} {error}"
    if wrong:
        board.fail(row, f"{life} {call} of {path}; its data is kept in {folder}", wrong)
        return
    board.note(row, ending)
    if ending != "not reached":
        board.note(row, "held")
    shutil.rmtree(folder)
