"""Party: which attacks there are, how large they are, and on which house each is made."""

import dataclasses
import os
import resource

from attack.scoreboard import Scoreboard

from . import calls, connections, full_disk, http, jumping_clock, messages, overload, readers, sessions
from .house import House

OWN_DESCRIPTORS = 500  # that we need for other things than rude connections


@dataclasses.dataclass
class Scale:
    """How many of each."""

    seed: str
    descriptors: int  # that kithd may have
    memory_mib: int  # that kithd may have, whatever is done to it
    growth_mib: dict  # by attack: how much of it one attack may add, where that is less
    handshake_seconds: int  # how long it waits for a greeting
    timed: bool  # whether rates are compared
    idle: int  # connections
    half_open: int
    unfinished: int  # messages
    large: int
    garbage: int  # rounds of each kind
    flood: int  # frames
    furniture: int  # contacts with long notes
    unread: int  # calls of each kind whose answers are not read
    ingests: int  # messages of each unread bulk load
    sessions: int  # at once
    session_messages: int  # of each unread session
    cancels: int  # messages of them
    vanishing: int  # connections for each method
    measure_seconds: float
    overload_seconds: float
    overload_calls: int  # on their way
    overload_channels: int
    bytes_seconds: float
    bytes_calls: int
    streams: int
    fills: int
    full_seconds: float  # in which reads go on
    jumps: tuple  # hours
    jumps_stopped: tuple
    flags: list  # of kithd


# Limits as small as the numbers. Of the descriptors files take what they take anywhere, however long it lasts, and leave
# room for fewer connections than are idle.
SHORT = {
    "descriptors": 2400, "memory_mib": 800,
    "growth_mib": {"no messages": 100, "garbage": 60, "large messages": 60, "unfinished messages": 30,
                   "unfinished with a key": 100, "unread sessions": 350, "garbage in sessions": 60, "cancels in sessions": 60},
    "handshake_seconds": 5, "timed": False, "idle": 1000, "half_open": 60,
    "unfinished": 64, "large": 6, "garbage": 1, "flood": 1000, "furniture": 100, "unread": 60, "ingests": 20,
    "sessions": 30, "session_messages": 20, "cancels": 100, "vanishing": 2,
    "measure_seconds": 0.5, "overload_seconds": 3, "overload_calls": 2000, "overload_channels": 20, "bytes_seconds": 2,
    "bytes_calls": 280, "streams": 200, "fills": 1, "full_seconds": 1,
    "jumps": (1, -2), "jumps_stopped": (-1, 1),
    "flags": ["--handshake=5s", "--max_calls_per_key=300", "--max_streams_per_key=50", "--max_arriving_per_key=8",
              "--max_request_bytes=5000000", "--grpc_memory=64000000"]}
# Limits as they are when nobody says. Of garbage, the 10,000 calls that are begun and reset at once stand in memory
# together, because gRPC reads them faster than anybody can refuse them.
LONG = {
    "descriptors": 4096, "memory_mib": 1200,
    "growth_mib": {"no messages": 150, "garbage": 450, "large messages": 150, "unfinished messages": 60,
                   "unfinished with a key": 220, "unread sessions": 500, "garbage in sessions": 100, "cancels in sessions": 100},
    "handshake_seconds": 10, "timed": True, "idle": 10_000, "half_open": 1_000,
    "unfinished": 480, "large": 64, "garbage": 20, "flood": 10_000, "furniture": 300, "unread": 1000, "ingests": 200,
    "sessions": 32, "session_messages": 200, "cancels": 2000,
    "vanishing": 50, "measure_seconds": 10, "overload_seconds": 60, "overload_calls": 20_000, "overload_channels": 50,
    "bytes_seconds": 10, "bytes_calls": 2800, "streams": 2000, "fills": 3, "full_seconds": 60,
    "jumps": (1, -1, -1, 1, 1, -2), "jumps_stopped": (1, -1, -2, 2), "flags": []}


def scale_of(options):
    scale = Scale(options.seed, **(SHORT if options.short else LONG))
    scale.flags = scale.flags + options.flag  # the last one of a name counts
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OWN_DESCRIPTORS
    scale.idle, scale.half_open = min(scale.idle, ours), min(scale.half_open, ours)
    return scale


ATTACKS = {
    "unknown methods": calls.unknown_methods,
    "wrong keys": calls.wrong_keys,
    "no messages": calls.no_messages,
    "garbage": messages.garbage,
    "large messages": messages.large,
    "unfinished messages": messages.unfinished,
    "unfinished with a key": messages.unfinished_with_key,
    "unread answers": readers.unread,
    "vanishing clients": readers.vanishing,
    "unread sessions": sessions.unread,
    "garbage in sessions": sessions.garbage,
    "cancels in sessions": sessions.cancels,
    "half-closed sessions": sessions.half_closed,
    "vanishing in sessions": sessions.vanishing,
    "slow headers over HTTP": http.slow_headers,
    "unfinished bodies over HTTP": http.unfinished_bodies,
    "unread answers over HTTP": http.unread,
    "garbage over HTTP": http.garbage,
    "half-open connections": connections.half_open,
    "idle connections": connections.idle,
    "too many bytes": overload.too_many_bytes,
    "too many streams": overload.too_many_streams,
    "too many calls": overload.too_many_calls,
}
DISK, CLOCK = "a full disk", "a jumping clock"


class Party:
    """One run of what is wanted of it."""

    def __init__(self, options):
        self.options = options
        self.scale = scale_of(options)
        self.board = Scoreboard("rude guests", [])

    def wanted(self, row):
        return self.options.only in row and not any(text in row for text in self.options.without)

    def run(self):
        rows = [row for row in ATTACKS if self.wanted(row)]
        if rows:
            self.visit("data", {row: ATTACKS[row] for row in rows}, descriptors=self.scale.descriptors)
        if self.wanted(DISK):
            self.fill_disk()
        if self.wanted(CLOCK):
            clock = jumping_clock.Clock(self.options.clock, os.path.join(self.options.out, "clock.page"))
            self.visit("clock", {CLOCK: jumping_clock.jumps(clock)}, environment=clock.environment)
        return self.board.show()

    def fill_disk(self):
        with full_disk.small_disk(self.options.out) as path:
            if path is None:
                print(f"{DISK}: not tried, because mounting a file system is not permitted here", flush=True)
                return
            self.visit("disk", {DISK: full_disk.fills_and_empties(path)}, on_disk=path)

    def visit(self, name, attacks, **options):
        """These attacks, one after the other, on a house of their own, which is then asked to stop."""
        flags = ["--http=127.0.0.1:0", *self.scale.flags]
        with House(self.options.kithd, self.options.out, name, self.scale, flags, **options) as house:
            house.kith = self.options.kith
            for row, attack in attacks.items():
                house.endure(self.board, row, attack)
            house.leave()
            code = house.server.stop()
            if code == 0:
                self.board.note("stop", "held")
            else:
                self.board.fail("stop", "SIGTERM", [f"kithd ended with {code}", house.server.said()[-400:]])
                house.warn()


def run(options):
    return Party(options).run()
