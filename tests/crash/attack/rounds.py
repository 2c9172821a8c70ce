"""Rounds: kill -9 at a random instant under the mixed load, start again, and hold the server to what it told."""

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
KILLED_STARTS = 0.3  # the share of rounds in which the start after the kill is killed, too


class Course:
    """One data directory through its rounds."""

    def __init__(self, kithd, folder, seed):
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
    course = None
    for number in range(rounds):
        if number % ROUNDS_PER_DIRECTORY == 0:
            changes += finish(course)
            folder = os.path.join(out, f"round-{number}")
            os.makedirs(folder)
            course = Course(kithd, folder, seed)
            course.server.start()
        try:
            wrong = course.round(number)
        except (NotStarted, Stuck) as error:
            wrong = [error]
        if not wrong:
            board.note("rounds", "held")
            continue
        board.fail("rounds", f"round {number} of seed {seed}; its data is kept in {course.server.data}", wrong)
        course.server.kill()
        changes += len(course.ledger.entries)
        course = None
        break
    changes += finish(course)
    print(f"{changes:,} changes were sent; seed {seed}")
    return board.show()


def finish(course):
    if course is None:
        return 0
    course.server.kill()
    shutil.rmtree(os.path.dirname(course.server.data))
    return len(course.ledger.entries)
