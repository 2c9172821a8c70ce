"""A disk that fills and empties, with a small file system of its own."""

import contextlib
import os
import signal
import subprocess
import time

from kith.contacts.v1 import contacts_service_pb2

from attack.api import Api

from .house import until
from .witness import OWN_CONNECTION

DISK_MIB = 256


@contextlib.contextmanager
def small_disk(folder):
    """The path of a file system of its own, or None where nobody may mount one."""
    path = os.path.join(folder, "disk")
    os.makedirs(path)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", path], capture_output=True,
                           check=False)
    if mount.returncode != 0:
        yield None
        return
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=False)


def _fill(path):
    """Every byte that is free."""
    with open(path, "ab", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def _empty(path):
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)


def fills_and_empties(path):
    """The attack, on a disk at `path`."""
    filler = os.path.join(path, "of somebody else")

    def attack(house):
        # The witness writes: it is not owed that while the disk is full.
        house.witness.await_round()
        wrong, _ = house.witness.take_wrong()
        house.leave()
        yield "others before", wrong
        try:
            yield from _disk_tries(house, filler)
        finally:
            _empty(filler)
    return attack


def _disk_tries(house, filler):
    api = Api(house.address, house.server.key, OWN_CONNECTION)
    told = {}
    for number in range(house.scale.fills):
        _fill(filler)
        yield f"writes when it is full, {number}", _refused(api, number)
        yield f"reads when it is full, {number}", _read_for(api, house, house.scale.full_seconds)
        _empty(filler)
        yield f"writes when there is room again, {number}", _taken(house, api, number, told)
    yield "what was acknowledged", house.witness.audit(api) + _hold(api, told)
    _fill(filler)
    code, said = house.server.stop(signal.SIGTERM), house.server.said()
    _empty(filler)
    house.open()
    yield "a stop when it is full", [] if code == 0 else [f"kithd ended with {code}: {said[-400:]}"]
    yield "a start when there is room again", house.witness.audit(house.server.api) + _hold(house.server.api, told)


def _create(api, name):
    return api.call("CreateContact", contacts_service_pb2.CreateContactRequest(
        contact={"last_name": name}, request_id=name))


def _refused(api, number):
    """It takes a moment until the server sees it; then it says what is the matter."""
    last = []

    def refused():
        last[:] = [_create(api, f"full{number}-{time.monotonic_ns()}")]
        return last[0].code.name == "RESOURCE_EXHAUSTED" and last[0].reason == "LIMIT_REACHED"
    return [] if until(refused) else [f"a write is answered {last[0]}"]


def _read_for(api, house, seconds):
    end = time.monotonic() + seconds
    while True:
        listed = api.call("ListContacts", contacts_service_pb2.ListContactsRequest(page_size=10))
        if not listed.ok:
            return [f"ListContacts is answered {listed}", house.server.said()[-400:]]
        if time.monotonic() > end:
            return []
        time.sleep(0.05)


def _taken(house, api, number, told):
    last = []

    def taken():
        name = f"room{number}-{time.monotonic_ns()}"
        last[:] = [_create(api, name)]
        if last[0].ok:
            told[last[0].reply.name] = name
        return last[0].ok or not house.alive
    return [] if until(taken) and last[0].ok else [f"a write is answered {last[0]}", house.server.said()[-400:]]


def _hold(api, told):
    for name, last_name in told.items():
        answer = api.patiently(
            lambda name=name: api.call("GetContact", contacts_service_pb2.GetContactRequest(name=name)))
        if not answer.ok or answer.reply.last_name != last_name:
            return [f"{name}, which was acknowledged, is answered {answer}"]
    return []
