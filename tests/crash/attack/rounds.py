"""Rounds: kill -9 at a random instant under the mixed load, start again, and hold the server to what it told.

The instant is under load, or while it stops, or while it starts again. Sleeps choose it; nothing waits by them.
"""

import os
import random
import shutil
import time

from .audit import History, audit
from .ledger import Ledger
from .load import Load
from .scoreboard import Scoreboard
from .server import NotStarted, Server, Stuck
from .world import World

ROUNDS_PER_DIRECTORY = 20  # then the attack begins anew on an empty one
LOAD_SECONDS_MAX = 0.7
START_SECONDS_MAX = 0.25  # about how long a start takes
STOP_SECONDS_MAX = 0.15  # about how long a stop takes
KILLED_STOPS = 0.2  # the share of rounds in which it is told to stop first
KILLED_STARTS = 0.3  # the share of rounds in which the start after the kill is killed, too


class Course:
    """One data directory through its rounds."""

    def __init__(self, kithd, folder, seed):
        os.makedirs(folder)
        self.folder = folder
        self.server = Server(kithd, os.path.join(folder, "data"))
        self.ledger = Ledger()
        self.world = World()
        self.history = History()
        self.seed = seed

    def round(self, number):
        """What is wrong after one round. The server runs before and after it."""
        rng = random.Random(f"{self.seed}/{number}")
        load = Load(f"{self.seed}.{number}", self.server.api, self.ledger, self.world)
        load.start()
        time.sleep(rng.uniform(0.01, LOAD_SECONDS_MAX))
        if rng.random() < KILLED_STOPS:
            self.server.tell_to_stop()
            time.sleep(rng.uniform(0, STOP_SECONDS_MAX))
        self.server.strike()
        load.stop()
        self.server.kill()
        while rng.random() < KILLED_STARTS:
            self.kill_a_start(rng)
        self.server.start()
        return audit(self.server, self.ledger, self.history, rng)

    def kill_a_start(self, rng):
        process = self.server.launch()
        time.sleep(rng.uniform(0, START_SECONDS_MAX))
        process.kill()
        process.wait()


def run(kithd, out, seed, rounds):
    board = Scoreboard("kill -9 under load", [])
    changes = 0
    for first in range(0, rounds, ROUNDS_PER_DIRECTORY):
        course = Course(kithd, os.path.join(out, f"from-{first}"), seed)
        with course.server as server:
            server.start()
            for number in range(first, min(first + ROUNDS_PER_DIRECTORY, rounds)):
                if not try_round(course, number, board):
                    break
        changes += len(course.ledger.entries)
        if board.failures:
            break
        shutil.rmtree(course.folder)
    print(f"{changes:,} changes were sent; seed {seed}")
    return board.show()


def try_round(course, number, board):
    try:
        wrong = course.round(number)
    except (NotStarted, Stuck) as error:
        wrong = [error]
    if wrong:
        board.fail("rounds", f"round {number} of seed {course.seed}; its data is kept in {course.folder}", wrong)
    else:
        board.note("rounds", "held")
    return not wrong
