"""Messages: unfinished, much too many, of the wrong bytes."""

import random

from .wire import DATA, END_HEADERS, FRAME_BYTES, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE, CONTINUATION
from .wire import Wire, connect, drive, frame, headers, message, reset, wait_for

CREATE = "/kith.contacts.v1.ContactsService/CreateContact"
INGEST = "/kith.interactions.v1.InteractionsService/IngestInteractions"
LIST = "/kith.contacts.v1.ContactsService/ListContacts"
STREAMS_A_WIRE = 16
UNFINISHED_BYTES = 3_900_000


def _spread(house, count, ask):
    """So many calls, `ask(wire, number)`, on as many connections as that takes."""
    wires = []
    for number in range(count):
        if number % STREAMS_A_WIRE == 0:
            try:
                wires.append(Wire(house.address))
            except OSError:
                break
        ask(wires[-1], number)
    return wires


def _leave(wires):
    for number, wire in enumerate(wires):
        if number % 2:
            reset(wire.socket)
        else:
            wire.socket.close()


def unfinished(house):
    """Large messages without a key whose last bytes never come."""
    wires = _unfinished(house, None)
    missing = sum(len(wire.windows) - len(wire.ended) for wire in wires)
    yield "are refused before they come", [] if missing == 0 else [f"{missing} calls are not"]
    _leave(wires)


def unfinished_with_key(house):
    """The same with a key: few of them are read at once."""
    wires = _unfinished(house, house.guest)
    yield "wait for one another", []
    _leave(wires)


def _unfinished(house, key):
    body = message(bytes(UNFINISHED_BYTES - 1), UNFINISHED_BYTES)
    wires = _spread(house, house.scale.unfinished, lambda wire, number: wire.ask(CREATE, key, body, end=False))
    drive(wires)
    house.witness.await_round()
    return wires


def large(house):
    """Whole messages, the largest there are, with a key and without: of nothing but empty parts, which are small on the
    wire and large in memory."""
    contact = b"\x2a\0" * 1_900_000  # emails, each of them empty
    body = message(b"\x0a" + _varint(len(contact)) + contact)
    wires = _spread(house, house.scale.large,
                    lambda wire, number: wire.ask(CREATE, house.guest if number % 2 else None, body))
    drive(wires, lambda: all(wire.closed or len(wire.ended) == len(wire.windows) for wire in wires), quiet_seconds=10)
    missing = sum(len(wire.windows) - len(wire.ended) for wire in wires if not wire.closed)
    yield "are answered", [] if missing == 0 else [f"{missing} calls are not"]
    _leave(wires)


def _varint(number):
    out = bytearray()
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes(out + bytes((number,)))


def garbage(house):
    """Bytes that are no HTTP/2, that are no gRPC, and floods of what is allowed once."""
    rng = random.Random(f"{house.scale.seed}.garbage")
    for number in range(house.scale.garbage):
        for name, words in _garbage(rng, house.scale.flood):
            _blurt(house.address, words)
            yield name, [] if house.alive else [f"kithd ended after {name} {number}"]


def _garbage(rng, flood):
    greeting = PREFACE + frame(SETTINGS, 0, 0)
    call = frame(HEADERS, END_HEADERS, 1, headers(LIST))
    yield "random bytes", rng.randbytes(rng.randrange(1, 65536))
    yield "random bytes after the preface", PREFACE + rng.randbytes(rng.randrange(1, 65536))
    yield "HTTP/1.1", b"GET / HTTP/1.1\r\nHost: kith\r\n\r\n"
    yield "TLS", bytes.fromhex("160301020001") + rng.randbytes(511)
    yield "random frames", greeting + b"".join(
        frame(rng.randrange(256), rng.randrange(256), rng.choice((0, 1, 3, rng.getrandbits(31))),
              rng.randbytes(rng.randrange(64))) for _ in range(200))
    yield "a frame that is too long", greeting + b"\xff\xff\xff\0\0" + bytes(4) + rng.randbytes(65536)
    yield "random headers", greeting + frame(HEADERS, END_HEADERS, 1, rng.randbytes(rng.randrange(1, 1000)))
    yield "a random message", greeting + call + frame(DATA, 1, 1, rng.randbytes(rng.randrange(1, 1000)))
    yield "an unknown compression", greeting + call + frame(DATA, 1, 1, b"\1\0\0\0\5hello")
    yield "data nobody asked for", greeting + frame(DATA, 0, 5, rng.randbytes(100))
    yield "a window of nothing", greeting + frame(WINDOW_UPDATE, 0, 0, bytes(4))
    yield "endless headers", greeting + frame(HEADERS, 0, 1, headers(LIST)) + frame(
        CONTINUATION, 0, 1, b"\0\1a" + b"\x7f\x80\x01" + bytes(255)) * (flood // 10)
    yield "pings", greeting + frame(PING, 0, 0, bytes(8)) * flood
    yield "settings", greeting + frame(SETTINGS, 0, 0, b"\0\4\0\0\xff\xff") * flood
    yield "calls begun and reset", greeting + b"".join(
        frame(HEADERS, END_HEADERS, 2 * i + 1, headers(LIST)) + frame(RST_STREAM, 0, 2 * i + 1, bytes((0, 0, 0, 8)))
        for i in range(flood))
    yield "a flood of large frames", greeting + call + frame(DATA, 0, 1, bytes(FRAME_BYTES)) * (flood // 10)


def _blurt(address, words, seconds=0.3):
    """Says it, hears what is said to it, and goes when the other is quiet."""
    try:
        connection = connect(address)
    except OSError:
        return
    left = memoryview(words)
    try:
        while wait_for([connection], [connection] if left else [], seconds):
            try:
                if left:
                    left = left[connection.send(left):]
            except BlockingIOError:
                pass
            try:
                if not connection.recv(1 << 16):
                    break
            except BlockingIOError:
                pass
    except OSError:
        pass
    finally:
        connection.close()
