"""Connections that do nothing: greeted and idle, never greeted, greeted by half."""

import socket

from .house import PATIENCE_SECONDS, until
from .wire import PREFACE, Wire, connect, drive, reset

OTHERS_MOST = 50  # connections of others, beside those of an attack


def leave(connections):
    for number, connection in enumerate(connections):
        if number % 2:
            reset(connection)
        else:
            connection.close()


def open_many(count, make):
    """So many of them, or fewer where the server does not let more in."""
    made = []
    for _ in range(count):
        try:
            made.append(make())
        except OSError:
            break
    return made


def idle(house):
    """Properly greeted, and then nothing. More than the server's descriptors leave it beside its files, if it says so."""
    wires = open_many(house.scale.idle, lambda: Wire(house.address))

    def all_are_told():
        drive(wires, quiet_seconds=0.5)
        return all(wire.greeted or wire.closed for wire in wires)
    yield "are taken or closed", [] if until(all_are_told) else [f"some of {len(wires)} are neither"]
    house.witness.await_round()
    most, taken = house.connections_max, sum(not wire.closed for wire in wires)
    if most is not None and most < len(wires):
        yield "are as many as may be", [] if most - OTHERS_MOST <= taken <= most else [
            f"{taken} of {len(wires)} are taken, and there may be {most}"]
    leave([wire.socket for wire in wires])


def half_open(house):
    """Connected, or the first words said, and no more. The server hangs up on them by itself."""
    silent = open_many(house.scale.half_open, lambda: connect(house.address))
    for number, connection in enumerate(silent):
        if number % 2:
            say(connection, PREFACE[:number % len(PREFACE) + 1])
    house.witness.await_round()
    left = list(silent)

    def all_gone():
        left[:] = [connection for connection in left if not is_over(connection)]
        return not left
    gone = until(all_gone, house.scale.handshake_seconds + PATIENCE_SECONDS)
    yield "are hung up on", [] if gone else [f"{len(left)} of {len(silent)} are still held"]
    leave(silent)


def say(connection, words):
    try:
        connection.send(words)
    except OSError:
        pass


def is_over(connection):
    try:
        return connection.recv(65536, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
