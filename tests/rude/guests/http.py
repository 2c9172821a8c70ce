"""HTTP: headers a byte at a time, bodies that never end, answers that nobody reads, and what is no request."""

import random
import select
import time

from .connections import is_over, leave, open_many, say
from .house import PATIENCE_SECONDS, until
from .wire import connect

CREATE = "/kith.contacts.v1.ContactsService/CreateContact"
LIST = "/kith.contacts.v1.ContactsService/ListContacts"
BODY_BYTES = 200_000  # announced


def head(path, key=None, size=0):
    lines = [f"POST {path} HTTP/1.1", "host: kith", "content-type: application/json", f"content-length: {size}"]
    if key:
        lines.append(f"authorization: Bearer {key}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _answer(connection):
    """The first line that comes back; empty where nothing does in time, or the connection ends."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    if not poll.poll(PATIENCE_SECONDS * 1000):
        return ""
    try:
        return connection.recv(4096).decode("latin-1").partition("\r\n")[0]
    except OSError:
        return ""


def _say_first(house, words):
    connection = connect(house.http_address)
    say(connection, words)
    return connection


def slow_headers(house):
    """A byte of a header now and then, for ever. The server hangs up on them by itself."""
    slow = open_many(house.scale.half_open, lambda: connect(house.http_address))
    left = list(slow)
    words = head(CREATE, size=2)[:-4] + b"x: "
    end = time.monotonic() + house.scale.handshake_seconds + PATIENCE_SECONDS
    at = 0
    while left and time.monotonic() < end:
        for connection in left:
            say(connection, words[at:at + 1] or b"x")
        at += 1
        time.sleep(0.1)
        left = [connection for connection in left if not is_over(connection)]
    yield "are hung up on", [] if not left else [f"{len(left)} of {len(slow)} are still held"]
    leave(slow)


def unfinished_bodies(house):
    """Without a key none is waited for; with one they wait for each other, and nobody for them."""
    for key in (None, house.guest):
        # Each speaks at once: who is silent while the others connect on a busy machine is hung up on.
        made = open_many(house.scale.unfinished, lambda words=head(CREATE, key, BODY_BYTES) + b"{": _say_first(house, words))
        if key is None:
            answers = [_answer(connection) for connection in made]
            wrong = [answer for answer in answers if " 401 " not in answer + " "]
            yield "are refused before they come", [f"{len(wrong)} are answered {wrong[0]!r}"] if wrong else []
        else:
            house.witness.await_round()
            yield "wait for one another", []
        leave(made)


def unread(house):
    """Answers that nobody takes: as many as fit are made, and a connection with one has no further request read."""
    made = open_many(house.scale.unfinished, lambda: connect(house.http_address, receive_bytes=4096))
    request = head(LIST, house.guest, 18) + b'{"page_size": 500}'
    for connection in made:
        say(connection, request * 20)
    house.witness.await_round()
    yield "are borne", []
    leave(made)


def garbage(house):
    """What is no request is answered 400, or hung up on, and never waited for."""
    rng = random.Random(house.scale.seed)
    kinds = (
        lambda: rng.randbytes(rng.randrange(1, 2_000)),
        lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rng.randbytes(50),
        lambda: b"\x16\x03\x01" + rng.randbytes(200),
        lambda: head(CREATE, house.guest, 100)[:rng.randrange(1, 150)] + rng.randbytes(100),
        lambda: b"POST " + b"/" * 70_000,
        lambda: head(CREATE, house.guest, 10).replace(b"content-length", b"transfer-encoding: chunked\r\nx") + b"zz\r\n{}\r\n",
        lambda: head(CREATE, house.guest, 50) + rng.randbytes(50),
    )
    for number, kind in enumerate(kinds):
        left = []
        for _ in range(house.scale.garbage * 10):
            connection = connect(house.http_address)
            say(connection, kind())
            left.append(connection)
        everything = list(left)
        for connection in left:
            say(connection, b"\r\n\r\n")
            connection.shutdown(1)  # it will say no more

        def all_gone(waiting=left):
            waiting[:] = [connection for connection in waiting if not is_over(connection)]
            return not waiting
        gone = until(all_gone, house.scale.handshake_seconds + PATIENCE_SECONDS)
        yield f"of kind {number} is hung up on", [] if gone else [f"{len(left)} of {len(everything)} are still held"]
        leave(everything)
