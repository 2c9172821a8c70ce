"""House: a kithd with rude guests, and what it owes to everybody whatever they do.

An attack is a function of a house that yields tries: (what was tried, sentences about what is wrong). After it the house
asks what it asks after every attack, which are tries, too: memory stayed within bounds, sockets came back, the witness was
served all the time, and new clients are, with any key.
"""

import contextlib
import os
import re
import resource
import sys
import time

import grpc
from kith.contacts.v1 import contacts_service_pb2
from kith.workspaces.v1 import workspaces_service_pb2

from attack.api import Api
from attack.server import Server

from .gauge import Gauge
from .witness import OWN_CONNECTION, Witness, ask_health

PATIENCE_SECONDS = 60  # how long what was taken may take to come back
SOCKETS_SPARE = 2
SAID_CHARS = 400
WARNINGS_MOST = 20


def until(holds, seconds=PATIENCE_SECONDS):
    """Whether it holds in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class House:
    """A context: the server is gone when it is left."""

    def __init__(self, kithd, folder, name, scale, flags=(), descriptors=None, environment=None, on_disk=None):
        """`descriptors` are the most that kithd may have; `on_disk` is where its data is, when not in the folder."""
        options = {}
        if descriptors is not None:
            options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        self.name = name
        self.scale = scale
        self.server = Server(kithd, os.path.join(on_disk or folder, name), None, tuple(flags), **options)
        self.server.log = os.path.join(folder, name + ".said")
        self.environment = environment or {}
        self.witness = None
        self.guest = None  # the key of the rude
        self.gauge = None
        self.lives = 0
        self.warned = 0  # so many characters of what kithd said are looked through

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.leave()
        self.server.kill()

    def open(self):
        """Starts the server; the first time also makes the key of the rude, in a workspace of their own."""
        self.server.start(**self.environment)
        self.lives += 1
        self.warned = 0
        if self.guest is None:
            request = workspaces_service_pb2.CreateWorkspaceRequest(request_id="guests")
            request.workspace.display_name = "Guests"
            made = self.server.api.patiently(lambda: self.server.api.call("CreateWorkspace", request))
            if not made.ok:
                raise RuntimeError(f"no workspace for the guests: {made}")
            self.guest = made.reply.secret
        self.gauge = Gauge(self.server.kithd.process.pid)
        kept = self.witness.kept if self.witness else {}
        self.witness = Witness(self.address, self.server.key, f"w{self.lives}")
        self.witness.kept.update(kept)
        self.witness.start()
        self.witness.await_round()

    def leave(self):
        """The witness goes, before the server does."""
        if self.witness is not None:
            self.witness.stop()

    @property
    def address(self):
        return self.server.kithd.address

    @property
    def http_address(self):
        """As the last start has told it."""
        return "127.0.0.1:" + re.findall(r'"http_port":(\d+)', self.server.said())[-1]

    @property
    def connections_max(self):
        """How many connections it lets in beside its files; None where it is as many as its flags say."""
        told = re.search(r'"connections":(\d+)', self.server.said())
        return told and int(told.group(1))

    def warn(self):
        """Prints what kithd has warned of since this was done last."""
        said = self.server.said()
        lines = [line for line in said[self.warned:].splitlines() if not re.search(r'"level":"(info|debug)"', line)]
        self.warned = len(said)
        for line in lines[-WARNINGS_MOST:]:
            print("  kithd: " + line[:SAID_CHARS], file=sys.stderr)
        sys.stderr.flush()

    @property
    def alive(self):
        return self.server.alive

    def endure(self, board, row, attack):
        """Runs an attack, and counts its tries."""
        self.witness.take_wrong()
        self.gauge.forget()
        sockets, resident, failed = self.gauge.sockets(), self.gauge.memory(), 0
        bound = min(self.scale.memory_mib, resident + self.scale.growth_mib.get(row, self.scale.memory_mib))
        for what, wrong in self._tries(attack, sockets, bound):
            failed += bool(wrong)
            if wrong:
                board.fail(row, what, wrong)
            else:
                board.note(row, "held")
        if failed or not self.alive:
            self.warn()
        if not self.alive:
            board.fail(row, "kithd ended", [self.server.said()[-SAID_CHARS:]])
            self.leave()
            self.server.stop()
            self.open()
            return
        print(f"{row}: {'failed' if failed else 'held'}; {resident} MiB before, {self.gauge.peak()} at most; "
              f"others waited {self.slowest:.2f} s at most", flush=True)

    def _tries(self, attack, sockets, bound):
        self.slowest = 0
        with contextlib.closing(attack(self)) as tries:
            for what, wrong in tries:
                yield what, wrong
                if not self.alive:
                    return
        peak = self.gauge.peak()
        yield "memory", [] if peak <= bound else [f"{peak} MiB were resident, more than {bound}"]
        back = until(lambda: not self.alive or self.gauge.sockets() <= sockets + SOCKETS_SPARE)
        yield "sockets", [] if back else [f"{self.gauge.sockets()} sockets are open, and were {sockets} before"]
        for who, key in (("the witness's", self.server.key), ("the rude", self.guest)):
            yield f"a new client with {who} key", self.serves(key)
        self.witness.await_round()
        wrong, self.slowest = self.witness.take_wrong()
        yield "others", wrong

    def serves(self, key):
        """Whether a new connection with this key is served, soon."""
        last = []

        def served():
            api = Api(self.address, key, OWN_CONNECTION)
            try:
                health = ask_health(api.channel)
                listed = api.call("ListContacts", contacts_service_pb2.ListContactsRequest(page_size=1))
                last[:] = [f"health: {health}", f"ListContacts: {listed}"]
                return not self.alive or (health.ok and listed.ok)
            finally:
                api.close()
        return [] if until(served) else [f"a new client is not served within {PATIENCE_SECONDS} s", *last]

    def says_why(self, answer):
        """Sentences about a refusal that a program could not tell from a broken server."""
        if answer.code in CLEAR and (answer.reason or answer.code in WITHOUT_DETAILS):
            return []
        return [f"is answered {answer}"]


# What a refusal may be. gRPC itself refuses an unknown method and a message that is too long, and knows no details.
CLEAR = {
    grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.UNIMPLEMENTED}
WITHOUT_DETAILS = {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.RESOURCE_EXHAUSTED}
