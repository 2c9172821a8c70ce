"""Overload: much more than the server can bear, with one key, while others want to be served.

Ten times the sustainable rate can be offered only by clients that are refused at once; so the load has many more calls
on its way than the server takes of one key, and each refused one is followed by the next.
"""

import collections
import json
import subprocess
import threading
import time

import grpc
from google.rpc import error_details_pb2, status_pb2
from kith.contacts.v1 import contacts_service_pb2
from kith.interactions.v1 import interactions_service_pb2

from attack.api import METHODS, Api

from .witness import DEADLINE_SECONDS, OWN_CONNECTION

AFTER_SECONDS = 5  # from when on the server is as fast as before
AS_FAST = 0.7  # of the rate before: the machine is not all ours
LARGE_BYTES = 200_000  # of a text that is legal
REFUSED = "RESOURCE_EXHAUSTED"
CONTACTS = 100  # that the load is about: it makes them all at once


class Load:
    """A `kith bench` beside us. Starts at once."""

    def __init__(self, house, kind, seconds, in_flight, channels, *more):
        command = [house.kith, "--address", house.address, "--key", house.guest, "--json", "bench", kind, "--seconds",
                   str(seconds), "--in-flight", str(in_flight), "--channels", str(channels), *map(str, more)]
        if kind == "record":
            command += ["--contacts", str(CONTACTS)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        """What it measured: "per_second", "failures" by code, and so on. None where it could not begin."""
        out, said = self.process.communicate()
        lines = [line for line in out.splitlines() if line.startswith("{")]
        if not lines:
            return None, f"kith ended with {self.process.returncode}: {said.strip()[-400:]}"
        return json.loads(lines[-1]), said


class Prober:
    """Calls with the key of the overload, one after the other, to see how it is refused."""

    def __init__(self, house):
        self.api = Api(house.address, house.guest, OWN_CONNECTION)
        self.served, self.refused, self.wrong = 0, 0, []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(4)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        self.api.close()

    def _run(self):
        path, request, _ = METHODS["GetContact"]
        ask = self.api.channel.unary_unary(path)
        body = request(name="contacts/nobody").SerializeToString()
        while not self.stopping.wait(0.01):
            try:
                ask(body, metadata=self.api.metadata, timeout=DEADLINE_SECONDS)
            except grpc.RpcError as error:
                self._take(error)

    def _take(self, error):
        if error.code() == grpc.StatusCode.NOT_FOUND:
            self.served += 1
        elif error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and _says_when(error):
            self.refused += 1
        elif len(self.wrong) < 5:
            self.wrong.append(f"a call past the limits is answered {error.code().name} {error.details()}, "
                              "without RetryInfo or QuotaFailure")


def _says_when(error):
    kinds = (error_details_pb2.RetryInfo.DESCRIPTOR, error_details_pb2.QuotaFailure.DESCRIPTOR)
    return any(detail.Is(kind) for key, value in error.trailing_metadata() or () if key == "grpc-status-details-bin"
               for detail in status_pb2.Status.FromString(value).details for kind in kinds)


def _measure(house, seconds):
    measured, said = Load(house, "record", seconds, 128, 4).end()
    if measured is None:
        raise RuntimeError(f"kith bench does not begin: {said}")
    return measured


def _past_the_limit(measured, said):
    """What a load met that is more than what may be: served, or refused, and nothing else."""
    if measured is None:
        yield "are served or refused", [f"the load did not begin: {said}"]
        return
    others = {code: count for code, count in measured["failures"].items() if code != REFUSED}
    yield "are served or refused", [f"calls are answered {others}: {said[-300:]}"] if others else []
    yield "some are refused", [] if REFUSED in measured["failures"] else ["nothing is refused"]


def too_many_calls(house):
    """More calls with one key than the server takes; afterwards it is as fast as before."""
    scale = house.scale
    before = _measure(house, scale.measure_seconds)
    prober = Prober(house)
    load = Load(house, "record", scale.overload_seconds, scale.overload_calls, scale.overload_channels)
    measured, said = load.end()
    ended = time.monotonic()
    prober.stop()
    yield from _past_the_limit(measured, said)
    yield "say when to come again", prober.wrong
    if measured is not None:
        refused = sum(measured["failures"].values())
        offered = (measured["calls"] + refused) / max(measured["seconds"], 0.001)
        print(f"  {before['per_second']:,.0f}/s before; {offered:,.0f}/s were offered: {measured['per_second']:,.0f}/s "
              f"served, {refused:,} refused; of the probes {prober.served:,} served, {prober.refused:,} refused", flush=True)
    if scale.timed:
        time.sleep(max(0, ended + AFTER_SECONDS - time.monotonic()))
        after = _measure(house, scale.measure_seconds)
        print(f"  {after['per_second']:,.0f}/s after", flush=True)
        yield "full speed again", [] if after["per_second"] >= AS_FAST * before["per_second"] else [
            f"{after['per_second']:,.0f}/s, and {before['per_second']:,.0f}/s before"]


class Flood:
    """Calls with one message, so many at a time, each followed by the next until the time is over. For messages that
    `kith bench` would be too long in making."""

    def __init__(self, house, method, payload, in_flight, channels):
        self.apis = [Api(house.address, house.guest, [*OWN_CONNECTION, ("rude.number", i)]) for i in range(channels)]
        self.asks = [api.channel.unary_unary(METHODS[method][0]) for api in self.apis]
        self.metadata = self.apis[0].metadata
        self.payload = payload
        self.in_flight = in_flight
        self.lock = threading.Condition()
        self.under_way = 0
        self.counts = collections.Counter()  # by code
        self.limits = set()  # that refusals name
        self.wrong = []

    def run(self, seconds):
        self.end = time.monotonic() + seconds
        for number in range(self.in_flight):
            self._begin(number)
        with self.lock:
            if not self.lock.wait_for(lambda: self.under_way == 0, seconds + DEADLINE_SECONDS):
                self.wrong.append(f"{self.under_way} calls are never answered")
        for api in self.apis:
            api.close()

    def _begin(self, number):
        with self.lock:
            self.under_way += 1
        future = self.asks[number % len(self.asks)].future(self.payload, metadata=self.metadata,
                                                           timeout=DEADLINE_SECONDS)
        future.add_done_callback(lambda call: self._ended(call, number))

    def _ended(self, call, number):
        code = call.code()
        if code == grpc.StatusCode.RESOURCE_EXHAUSTED:
            self.limits.add(call.details())
            if not _says_when(call):
                self.wrong.append(f"a refusal has neither RetryInfo nor QuotaFailure: {call.details()}")
        elif code != grpc.StatusCode.OK:
            self.wrong.append(f"a call is answered {code.name} {call.details()}")
        self.counts[code.name] += 1
        if time.monotonic() < self.end:
            self._begin(number)
        with self.lock:
            self.under_way -= 1
            self.lock.notify_all()


def too_many_bytes(house):
    """Many calls with large messages on their way at once."""
    scale = house.scale
    create = contacts_service_pb2.CreateContactRequest(contact={"first_name": "Large"}, request_id="large")
    api = Api(house.address, house.guest, OWN_CONNECTION)
    made = api.patiently(lambda: api.call("CreateContact", create))
    api.close()
    if not made.ok:
        raise RuntimeError(f"no contact to flood: {made}")
    request = interactions_service_pb2.RecordInteractionRequest(
        parent=made.reply.name, interaction={"kind": "NOTE", "body": "b" * LARGE_BYTES})
    flood = Flood(house, "RecordInteraction", request.SerializeToString(), scale.bytes_calls, 30)
    flood.run(scale.bytes_seconds)
    print(f"  {dict(flood.counts)}", flush=True)
    yield "are served or refused", flood.wrong[:5]
    yield "some are refused", [] if REFUSED in flood.counts else ["nothing is refused"]


def too_many_streams(house):
    """Many subscriptions of one key, and many of its calls beside them."""
    api = Api(house.address, house.guest, OWN_CONNECTION)
    load = Load(house, "events", house.scale.bytes_seconds, house.scale.streams, 30)
    measured, said = load.end()
    yield from _past_the_limit(measured, said)
    listed = api.patiently(lambda: api.call("ListContacts", contacts_service_pb2.ListContactsRequest(page_size=1)))
    yield "leave room", [] if listed.ok else [f"ListContacts is answered {listed}"]
    api.close()
