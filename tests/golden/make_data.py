#!/usr/bin/env python3
"""Makes a golden data directory: a small history told to a kithd, packed with what this kithd answers about it.

usage: make_data.py KITHD PROTOS NAME    (PROTOS: a descriptor set of KITHD's version, made with --include_imports)

It becomes tests/golden/data/NAME.tar.gz and is kept for ever: data_test.py asks every later version the same. NAME is
the release or the commit that KITHD was built from. The archive holds the directory, keys and all, as the server left
it; the protos, so that the questions are asked by a client of that version; and `answers.json`.
"""

import contextlib
import io
import json
import os
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

from history import History  # noqa: E402
from kithd_process import Kithd  # noqa: E402
from questions import all_questions, answer_of  # noqa: E402
from rpc import Rpc, pool_of  # noqa: E402

EVENTS = "events.v1.EventsService/ReadEvents"
COLLECTIONS = ("users", "contacts", "deals", "pipelines", "leads", "forms", "captureReviews", "scoringModels")


class Server:
    """A kithd over the directory that becomes golden."""

    def __init__(self, binary, data, pool):
        self.pool = pool
        self.kithd = Kithd(binary, data)
        self.rpc = self.client(self.kithd.key)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.kithd.kill()
        else:
            self.stop()

    def client(self, key):
        return Rpc(self.pool, self.kithd.address, key)

    def stop(self):
        self.rpc.close()
        if self.kithd.stop() != 0:
            raise AssertionError("kithd did not stop cleanly")

    def restart(self):
        self.stop()
        self.kithd.start()
        self.rpc = self.client(self.kithd.key)

    @contextlib.contextmanager
    def with_key(self, key):
        mine, self.rpc = self.rpc, self.client(key)
        yield
        self.rpc.close()
        self.rpc = mine

    def last_event(self):
        return self.rpc.call(EVENTS, {"backwards": True, "limit": "1"})["events"][0]


def moment_now(server, number):
    """Now, as each of the things that can name a moment in turn: the token of a read, a number, a time."""
    last = server.last_event()
    server.rpc.call("contacts.v1.ContactsService/ListContacts", {})
    return [{"token": server.rpc.token}, {"sequence": last["sequence"]}, {"time": last["recordTime"]}][number % 3]


def names_of(events):
    """The names of all that was made, by collection; interactions are a collection of their own."""
    names = {collection: [] for collection in COLLECTIONS + ("interactions",)}
    for event in events:
        if event["type"] == "interaction_recorded":
            names["interactions"].append(event["payload"]["name"])
        elif event.get("revision") == "1" and event["stream"].count("/") == 1:  # and no part of a record
            names.get(event["stream"].split("/")[0], []).append(event["stream"])
    return names


def add_file(archive, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def as_json(keys, answers):
    """One question a line."""
    lines = ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in answers)
    return f'{{"keys": {json.dumps(keys)},\n"answers": [\n{lines}\n]}}\n'


def main():
    binary, protos_path, name = sys.argv[1:4]
    with open(protos_path, "rb") as file:
        protos = file.read()
    pool = pool_of(protos)
    path = os.path.join(HERE, "data", name + ".tar.gz")
    with tempfile.TemporaryDirectory(prefix="kith-golden-") as folder, tarfile.open(path, "w:gz") as archive:
        data = os.path.join(folder, "data")
        with Server(binary, data, pool) as server:
            history = History(server)
            moments = [moment_now(server, number) for number, _ in enumerate(history.tell_all())]
            names = names_of(server.rpc.call(EVENTS, {})["events"])
        archive.add(data, "data")
        with Server(binary, data, pool) as server:
            keys = dict(history.keys, owner=server.kithd.key)
            clients = {what: server.client(key) for what, key in keys.items()}
            answers = [{"key": key, "method": method, "request": request, "answer": answer_of(clients[key], method, request)}
                       for key, method, request in all_questions(names, moments, history.repeats)]
        add_file(archive, "protos", protos)
        add_file(archive, "answers.json", as_json(keys, answers).encode())
    print(f"{len(answers)} answers; {os.path.getsize(path):,} bytes")


if __name__ == "__main__":
    main()
