"""Wire: as much of HTTP/2 as it takes to be rude over it.

A client library keeps the rules. This one sends what it is told, in any order, cuts it anywhere, and reads answers only
when it is asked to. It understands of an answer how long it may go on sending, and that it has ended.
"""

import select
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4
FRAME_BYTES = 16384  # no frame may be longer unless its reader says so
WINDOW_BYTES = 65535  # what may be sent unless its reader says so
WINDOW_BYTES_MAX = 2**31 - 1
INITIAL_WINDOW = 4  # a setting


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A header, spelled out."""
    return b"\0" + b"".join(_integer(len(text)) + text for text in (name.encode(), value.encode("latin-1")))


def _integer(number):
    """With a prefix of seven bits."""
    if number < 127:
        return bytes((number,))
    out, number = bytearray((127,)), number - 127
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    out.append(number)
    return bytes(out)


def headers(path, key=None):
    block = literal(":method", "POST") + literal(":scheme", "http") + literal(":path", path)
    block += literal(":authority", "kith") + literal("content-type", "application/grpc") + literal("te", "trailers")
    return block + (literal("authorization", "Bearer " + key) if key else b"")


def message(payload, size=None):
    """A message as gRPC frames it; with `size` it claims to be so long."""
    return struct.pack(">BI", 0, len(payload) if size is None else size) + payload


def connect(address, receive_bytes=None):
    """A socket that never waits. ConnectionError or TimeoutError where nobody answers."""
    host, _, port = address.rpartition(":")
    connection = socket.socket()
    if receive_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    try:
        connection.settimeout(20)
        connection.connect((host, int(port)))
    except OSError:
        connection.close()
        raise
    connection.setblocking(False)
    return connection


def reset(connection):
    """Closes it without goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Wire:
    """One connection that greets properly. What is asked is sent as far as `turn` is called."""

    def __init__(self, address, greedy=False, receive_bytes=None):
        """A greedy one lets the server send without bounds."""
        self.socket = connect(address, receive_bytes)
        self.out = bytearray(PREFACE)
        settings = struct.pack(">HI", INITIAL_WINDOW, WINDOW_BYTES_MAX) if greedy else b""
        self.out += frame(SETTINGS, 0, 0, settings)
        if greedy:
            self.out += frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", WINDOW_BYTES_MAX - WINDOW_BYTES))
        self.arrived = bytearray()
        self.window, self.initial = WINDOW_BYTES, WINDOW_BYTES
        self.windows = {}  # stream → how many bytes it may send
        self.unsent = {}  # stream → (its bytes, whether it ends then)
        self.ended = set()  # streams that the server has ended
        self.greeted = False  # the server has begun to speak
        self.refused = False  # the server said goodbye
        self.closed = False
        self.next_stream = 1

    def ask(self, path, key=None, body=b"", end=True):
        """Begins a call. Without `end` more may follow, and need not."""
        stream, self.next_stream = self.next_stream, self.next_stream + 2
        self.out += frame(HEADERS, END_HEADERS | (END_STREAM if end and not body else 0), stream, headers(path, key))
        self.windows[stream] = self.initial
        if body:
            self.unsent[stream] = (memoryview(body), end)
        return stream

    def turn(self, read=True):
        """Reads and sends what can be without waiting. Whether anything moved."""
        if self.closed:
            return False
        try:
            moved = read and self._read()
            self._fill()
            return self._send() or moved
        except OSError:
            self.closed = True
            return False

    def _read(self):
        try:
            part = self.socket.recv(1 << 18)
        except BlockingIOError:
            return False
        if not part:
            self.closed = True
            return False
        self.arrived += part
        while len(self.arrived) >= 9:
            size = int.from_bytes(self.arrived[:3], "big")
            if len(self.arrived) < 9 + size:
                break
            kind, flags = self.arrived[3], self.arrived[4]
            stream = int.from_bytes(self.arrived[5:9], "big")
            self._take(kind, flags, stream, bytes(self.arrived[9:9 + size]))
            del self.arrived[:9 + size]
        return True

    def _take(self, kind, flags, stream, payload):
        self.greeted = True
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                name, value = struct.unpack_from(">HI", payload, at)
                if name == INITIAL_WINDOW:
                    for known in self.windows:
                        self.windows[known] += value - self.initial
                    self.initial = value
            self.out += frame(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            self.out += frame(PING, ACK, 0, payload)
        elif kind == WINDOW_UPDATE:
            more = int.from_bytes(payload, "big")
            if stream == 0:
                self.window += more
            elif stream in self.windows:
                self.windows[stream] += more
        elif kind == GOAWAY:
            self.refused = True
        if kind == RST_STREAM or (kind in (HEADERS, DATA) and flags & END_STREAM):
            self.ended.add(stream)
            self.unsent.pop(stream, None)

    def _fill(self):
        """Frames of what the windows allow, in turns."""
        while len(self.out) < 1 << 18 and self.window > 0:
            ready = [stream for stream in self.unsent if self.windows[stream] > 0]
            if not ready:
                return
            for stream in ready:
                body, end = self.unsent[stream]
                size = min(len(body), FRAME_BYTES, self.window, self.windows[stream])
                if size <= 0:
                    return
                last = size == len(body)
                self.out += frame(DATA, END_STREAM if last and end else 0, stream, body[:size])
                self.window -= size
                self.windows[stream] -= size
                if last:
                    del self.unsent[stream]
                else:
                    self.unsent[stream] = (body[size:], end)

    def _send(self):
        if not self.out:
            return False
        try:
            sent = self.socket.send(self.out)
        except BlockingIOError:
            return False
        del self.out[:sent]
        return sent > 0


def drive(wires, done=None, quiet_seconds=1.0, read=True):
    """Turns of all of them until `done()`, or until nothing has moved for a while."""
    while done is None or not done():
        moved = False
        for wire in wires:
            moved |= wire.turn(read)
        if moved:
            continue
        open_ones = [wire for wire in wires if not wire.closed]
        reading = [wire.socket for wire in open_ones] if read else []
        writing = [wire.socket for wire in open_ones if wire.out]
        if not wait_for(reading, writing, quiet_seconds):
            return


def wait_for(reading, writing, seconds):
    """Whether anything can be read or written by then."""
    poll = select.poll()
    for connection in {*reading, *writing}:
        poll.register(connection, (select.POLLIN if connection in reading else 0) |
                      (select.POLLOUT if connection in writing else 0))
    return bool(poll.poll(seconds * 1000))


def vanish(wire, rng):
    """Goes on for a while, maybe until it is answered, and is gone, maybe in the middle of a frame."""
    for _ in range(rng.randrange(0, 12)):
        wire.turn()
    if rng.random() < 0.5:
        wait_for([wire.socket], [], 0.02)
        wire.turn()
    if rng.random() < 0.5 and wire.out:
        del wire.out[rng.randrange(len(wire.out)):]
        wire.turn(read=False)
    if rng.random() < 0.5:
        reset(wire.socket)
    else:
        wire.socket.close()
