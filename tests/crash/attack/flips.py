"""Flips: one bit of a file of the data directory flipped, the file cut, the file removed; for every kind of file.

kithd is started on a copy that is damaged so. It gives every answer that it gave before the damage; or it says of an
answer that data is lost; or it refuses to start, in one line, and destroys nothing by that: with the damage undone
everything is there. Damage of views is no reason to refuse, as they are folded anew; nor is that of when keys were used.
"""

import collections
import os
import random
import re
import shutil

from google.protobuf.field_mask_pb2 import FieldMask
from kith.workspaces.v1 import workspace_pb2, workspaces_service_pb2

from .answers import Answers
from .audit import History, check_views
from .files import files_of, kind_of
from .fold import read_events
from .load import Load
from .sampling import sample_of
from .scoreboard import Scoreboard
from .server import NotStarted, Server, Stuck
from .syscalls import make_past

FLIPS_PER_FILE = 6
FLIPS_PER_RARE_FILE = 40  # of kinds of which there is one file, or two
CUTS = (0.0, 0.3, 0.7, 0.95)  # what is left, as a share
KILLS_BEFORE = 3


class Damage:
    """Something to be done to one file. `name` says it in a word: flip 123.4, cut 17, remove."""

    def __init__(self, past, path, what, place=0):
        self.past = past
        self.path = path
        self.what = what
        self.place = place

    @property
    def name(self):
        if self.what == "remove":
            return f"{self.past} {self.path} remove"
        where = f"{self.place // 8}.{self.place % 8}" if self.what == "flip" else str(self.place)
        return f"{self.past} {self.path} {self.what} {where}"

    @property
    def row(self):
        return f"{kind_of(self.path)} {self.what}"

    def do(self, data):
        path = os.path.join(data, self.path)
        if self.what == "remove":
            os.remove(path)
        elif self.what == "cut":
            os.truncate(path, self.place)
        else:
            with open(path, "r+b") as file:
                file.seek(self.place // 8)
                byte = file.read(1)[0]
                file.seek(self.place // 8)
                file.write(bytes([byte ^ (1 << self.place % 8)]))


def damages_of(past, data, rng):
    """Every damage to be tried on a directory."""
    kinds = collections.Counter(kind_of(path) for path in files_of(data))
    for path in files_of(data):
        size = os.path.getsize(os.path.join(data, path))
        flips = FLIPS_PER_RARE_FILE if kinds[kind_of(path)] <= 2 else FLIPS_PER_FILE
        for i in range(min(flips, size)):  # one in each part of the file
            yield Damage(past, path, "flip", rng.randrange(size * 8 * i // flips, max(size * 8 * (i + 1) // flips,
                                                                                    size * 8 * i // flips + 1)))
        for length in sorted({int(size * share) for share in CUTS} | {size - 1}) if size > 0 else ():
            yield Damage(past, path, "cut", length)
        yield Damage(past, path, "remove")


def changes_data(damage):
    """Where a damage could change an answer, and not only stop a start."""
    return damage.what == "flip" and kind_of(damage.path) in ("log/*.sst", "log/*.log", "views/*.sst")


class Subject:
    """A directory as it was left, stopped or killed, and all its answers."""

    def __init__(self, kithd, folder, seed, stopped):
        self.kithd = kithd
        self.seed = seed
        self.past = make_past(kithd, folder, seed, KILLS_BEFORE)
        self.finish(stopped)
        copy = os.path.join(folder, "asked")
        os.makedirs(copy)
        asked = self.past.copy(copy)
        with Server(kithd, asked.data, self.past.key) as server:
            server.start()
            history = History()
            self.past.history = history
            wrong = history.read(server.api)
            if wrong:
                raise RuntimeError(f"nothing is damaged yet, and this is wrong: {wrong[:3]}")
            self.answers = Answers(server.api, history.fold, self.past.ledger)
            _, wrong = self.answers.compare(server.api, "undamaged")
            if wrong:
                raise RuntimeError(f"nothing is damaged yet, and this is wrong: {wrong[:3]}")
        shutil.rmtree(copy)

    def finish(self, stopped):
        """Some changes that only the write-ahead log has; addresses are unique in the end."""
        with Server(self.kithd, self.past.data, self.past.key) as server:
            server.start()
            load = Load(f"{self.seed}.last", server.api, self.past.ledger, self.past.world)
            load.start(steps=5)
            load.join()
            answer = server.api.call("UpdateWorkspace", workspaces_service_pb2.UpdateWorkspaceRequest(
                workspace=workspace_pb2.Workspace(unique_contact_emails=True, display_name="The last"),
                update_mask=FieldMask(paths=["unique_contact_emails", "display_name"])))
            if not answer.ok:
                raise RuntimeError(f"the last setting is refused: {answer}")
            if stopped:
                server.stop()

    def attack(self, damage, folder):
        """(how it ended, what is wrong)."""
        copy = self.past.copy(folder)
        damage.do(copy.data)
        with Server(self.kithd, copy.data, self.past.key) as server:
            try:
                server.start()
            except NotStarted as error:
                wrong = refusal(error, damage)
                return ("failed", wrong) if wrong else self.undo(damage, copy.data, server)
            except Stuck as error:
                return "failed", [error]
            if self.may_lose_the_tail(damage):
                events = read_events(server.api)
                if events.ok and len(events.reply) < len(self.past.history.bytes):
                    return self.hold_to_beginning(server, damage, events.reply)
            lost, wrong = self.answers.compare(server.api, "damaged")
            if wrong:
                return "failed", wrong
            return ("data loss" if lost else "right"), []

    def undo(self, damage, data, server):
        """After a refusal: with the file as it was before the damage, everything is right."""
        shutil.copy2(os.path.join(self.past.data, damage.path), os.path.join(data, damage.path))
        try:
            server.start()
        except NotStarted as error:
            return "failed", [f"a start was refused; with {damage.path} as it was the next is refused, too: {error}"]
        lost, wrong = self.answers.compare(server.api, "undone")
        return ("failed" if wrong or lost else "refused"), wrong or ["data is lost" for _ in range(lost)]

    def may_lose_the_tail(self, damage):
        """The end of what a kill left unmarked looks the same when the power went."""
        newest = max(path for path in files_of(self.past.data) if kind_of(path) == "log/*.log")
        return damage.past == "killed" and damage.path == newest and damage.what != "remove"

    def hold_to_beginning(self, server, damage, events):
        """What is there is a beginning of what was, whole, and the server says where it ends."""
        history = History()
        for event in events:
            history.keep(event)
        if history.bytes != self.past.history.bytes[:len(events)]:
            return "failed", ["the tail is gone, and what is left is not what it was"]
        gone = self.past.history.fold.events[len(events):]
        wrong = history.fold.broken + check_views(server.api, history.fold, random.Random(damage.name))
        if damage.what == "flip" and len({str(event.record_time) for event in gone}) > 1:
            wrong.append(f"a flipped bit lost {len(gone)} events, of more than one batch")
        if not re.search(r'"position":\s*\d+', server.said()):
            wrong.append(f"{len(gone)} events of the tail are gone, and nothing says at which position the log ends now")
        return ("failed" if wrong else "tail lost"), wrong


def refusal(error, damage):
    """What is wrong with a refused start."""
    wrong = []
    lines = [line for line in error.said.strip().split("\n") if not line.startswith("{")]
    if error.code != 1 or len(lines) != 1 or not lines[0].startswith("kithd: "):
        wrong.append(f"kithd ended with {error.code} and not with one clear line: {error.said[-600:]}")
    if damage.path.startswith("views/") or damage.path == "key_uses":
        wrong.append(f"a damaged {kind_of(damage.path)} is refused, though nothing needs it: {error.said[-600:]}")
    return wrong


def run(kithd, out, seed, sample, wanted):
    board = Scoreboard("damage", ["right", "refused", "data loss", "tail lost"])
    rng = random.Random(seed)
    subjects, damages = {}, []
    for name in ("stopped", "killed"):
        folder = os.path.join(out, name)
        os.makedirs(folder)
        subject = subjects[name] = Subject(kithd, folder, f"{seed}.{name}", name == "stopped")
        damages += [damage for damage in damages_of(name, subject.past.data, rng) if wanted(damage.name)]
    print(f"{len(damages):,} damages; each is asked {len(subjects['killed'].answers.questions):,} questions", flush=True)
    for number, damage in enumerate(
            sample_of(damages, sample, lambda damage: damage.row, changes_data, rng)):
        folder = os.path.join(out, damage.past, f"damage-{number}")
        os.makedirs(folder)
        ending, wrong = subjects[damage.past].attack(damage, folder)
        if wrong:
            board.fail(damage.row, f"{damage.name}; what is left of its data is in {folder}", wrong)
            continue
        board.note(damage.row, ending)
        board.note(damage.row, "held")
        shutil.rmtree(folder)
    return board.show()
